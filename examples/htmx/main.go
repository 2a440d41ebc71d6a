// Htmx is a page whose parts are fetched and sent by htmx: a session that ended in
// the meantime leads to the sign-in page instead of into a part of this one.
package main

import (
	"context"
	"embed"
	"html/template"
	"log"
	"net"
	"net/http"
	"sync"

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

//go:embed page.html htmx.min.js
var files embed.FS

// notes are kept in memory, by the id of whom they belong to.
type notes struct {
	pages *template.Template

	mu  sync.Mutex
	all map[string][]string
}

func app(auth *mortise.Server) http.Handler {
	n := &notes{pages: template.Must(template.ParseFS(files, "page.html")), all: map[string][]string{}}
	mux := http.NewServeMux()
	mux.Handle("/auth/", auth.Handler())
	mux.Handle("GET /htmx.min.js", http.FileServerFS(files))
	mux.Handle("GET /{$}", auth.Require()(n.show("page")))
	mux.Handle("GET /notes", leave(auth.Require()(n.show("notes"))))
	mux.Handle("POST /notes", leave(auth.Require()(http.HandlerFunc(n.add))))
	return mux
}

// leave turns a refusal of an htmx request into an order to load the page again,
// which then leads to the sign-in page and back.
func leave(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("HX-Request") == "true" {
			w = &leaver{ResponseWriter: w}
		}
		next.ServeHTTP(w, r)
	})
}

type leaver struct{ http.ResponseWriter }

func (w *leaver) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		w.Header().Set("HX-Redirect", "/")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (n *notes) show(part string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := mortise.FromContext(r.Context())
		n.mu.Lock()
		defer n.mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		err := n.pages.ExecuteTemplate(w, part, struct {
			Name  string
			Notes []string
		}{who.Name, n.all[who.Subject]})
		if err != nil {
			log.Print(err)
		}
	})
}

func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	who, _ := mortise.FromContext(r.Context())
	const longest = 500
	if text := r.PostFormValue("text"); text != "" && len(text) <= longest {
		n.mu.Lock()
		n.all[who.Subject] = append(n.all[who.Subject], text)
		n.mu.Unlock()
	}
	if r.Header.Get("HX-Request") != "true" { // works without scripts too
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	n.show("notes").ServeHTTP(w, r)
}
