// Chi mounts Mortise in a chi router: everybody may read, members may write,
// administrators may delete, and only shortly after they signed in.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

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
	r := chi.NewRouter()
	r.Mount("/auth", auth.Handler())
	r.With(auth.Identify).Get("/", home)
	r.Route("/notes", func(r chi.Router) {
		r.Use(auth.Require())
		r.Get("/", list)
		r.Post("/", write)
		r.With(auth.Require(mortise.Role("admin"), mortise.FreshWithin(10*time.Minute))).Delete("/{id}", remove)
	})
	return r
}

// home greets strangers too.
func home(w http.ResponseWriter, r *http.Request) {
	who, ok := mortise.FromContext(r.Context())
	if !ok {
		who.Name = "stranger"
	}
	fmt.Fprintf(w, "Hello, %s!\n", who.Name)
}

func list(w http.ResponseWriter, r *http.Request) {
	who, _ := mortise.FromContext(r.Context())
	fmt.Fprintf(w, "The notes of %s\n", who.Name)
}

func write(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }

func remove(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
