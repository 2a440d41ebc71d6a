// Nethttp is the program of the README: the standard mux, one protected page.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

func main() {
	l, err := net.Listen("tcp", "localhost:8080")
	if err != nil {
		log.Fatal(err)
	}
	log.Print("open http://localhost:8080")
	log.Fatal(run(context.Background(), l, "http://localhost:8080", "data"))
}

// run serves on l, which is reached at origin, until ctx ends.
func run(ctx context.Context, l net.Listener, origin, data string) error {
	st, err := sqlite.Open(ctx, data, sqlite.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	auth, err := mortise.New(ctx, mortise.Dev(origin+"/auth"), st)
	if err != nil {
		return err
	}
	background := make(chan error, 1)
	go func() { background <- auth.Run(ctx) }()
	srv := &http.Server{Handler: app(auth)}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	err = srv.Serve(l)
	<-background
	return err
}

func app(auth *mortise.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/auth/", auth.Handler())
	mux.Handle("/", auth.Require()(http.HandlerFunc(home)))
	return mux
}

func home(w http.ResponseWriter, r *http.Request) {
	who, _ := mortise.FromContext(r.Context())
	fmt.Fprintf(w, "Hello, %s!\n", who.Name)
}
