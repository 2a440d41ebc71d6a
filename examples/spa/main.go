// Spa is a single-page app without a backend of its own: it redirects to Mortise to
// sign people in, and its tokens are bound to a key that cannot leave the browser
// (DPoP). What is in Go here serves its files and the API that it calls. In two
// terminals, after "make test-sdk", which builds sdk/js:
//
//	go run ./cmd/mortise dev --apply examples/spa/apply.yaml
//	cd examples && go run ./spa
package main

import (
	"context"
	"embed"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/mortise-auth/mortise/examples/notes"
	"github.com/mortise-auth/mortise/verify"
)

func main() {
	l, err := net.Listen("tcp", "localhost:3000")
	if err != nil {
		log.Fatal(err)
	}
	h, closed, err := connect(context.Background(), "http://localhost:8080", "http://localhost:3000", "../sdk/js/dist")
	if err != nil {
		log.Fatal(err)
	}
	defer closed()
	log.Print("open http://localhost:3000")
	log.Fatal(http.Serve(l, h))
}

//go:embed index.html app.js
var files embed.FS

// connect makes what is served at origin; sdk is the folder that sdk/js was built into.
func connect(ctx context.Context, issuer, origin, sdk string) (http.Handler, func() error, error) {
	v, err := verify.New(ctx, issuer, verify.Audience(origin+"/api"),
		verify.Credentials("notes-api", "not-a-real-secret-of-notes-0123456789"))
	if err != nil {
		return nil, nil, err
	}
	index := template.Must(template.ParseFS(files, "index.html"))
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", notes.Handler(v)))
	mux.Handle("GET /app.js", http.FileServerFS(files))
	mux.Handle("GET /sdk/", http.StripPrefix("/sdk/", http.FileServerFS(os.DirFS(sdk))))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:; connect-src 'self' "+issuer)
		_ = index.Execute(w, issuer)
	})
	return mux, v.Close, nil
}
