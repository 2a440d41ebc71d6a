// Command api is somebody's service. It guards its one route with package verify
// and knows nothing else of the issuer, which it reaches through a proxy only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/mortise-auth/mortise/verify"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run() error {
	way, err := url.Parse(os.Getenv("API_PROXY"))
	staleness, err1 := time.ParseDuration(os.Getenv("API_STALENESS"))
	if err := errors.Join(err, err1); err != nil {
		return err
	}
	v, err := verify.New(context.Background(), os.Getenv("API_ISSUER"),
		verify.Audience(os.Getenv("API_AUDIENCE")),
		verify.Credentials(os.Getenv("API_CLIENT"), os.Getenv("API_SECRET")),
		verify.Staleness(staleness),
		verify.HTTPClient(&http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(way)}}),
		verify.Logger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /things", v.Require(verify.Scope("things:read"))(http.HandlerFunc(things)))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		s := v.Status()
		_ = json.NewEncoder(w).Encode(map[string]any{
			"fault": fmt.Sprint(s.Fault), "live": s.Live, "number": s.Number, "introspections": s.Introspections,
		})
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf(`{"url":"http://%s"}`+"\n", l.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}).Serve(l)
}

func things(w http.ResponseWriter, r *http.Request) {
	who, _ := verify.FromContext(r.Context())
	fmt.Fprintf(w, `{"subject":%q}`, who.Subject)
}
