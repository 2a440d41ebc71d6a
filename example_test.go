package mortise_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// server is an instance for the examples.
func server() (*mortise.Server, func() error) {
	ctx := context.Background()
	st, err := sqlite.Memory(ctx, sqlite.Options{})
	if err != nil {
		panic(err)
	}
	cfg := mortise.Dev("http://localhost:8080/auth")
	cfg.Logger = slog.New(slog.DiscardHandler)
	srv, err := mortise.New(ctx, cfg, st)
	if err != nil {
		panic(err)
	}
	return srv, st.Close
}

// answer sends a request of nobody as a program does.
func answer(h http.Handler, method, path string) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, "http://localhost:8080"+path, nil))
	return w.Result()
}

// Everything that is missing is reported at once.
func ExampleNew() {
	ctx := context.Background()
	st, err := sqlite.Memory(ctx, sqlite.Options{})
	if err != nil {
		panic(err)
	}
	defer st.Close()
	_, err = mortise.New(ctx, mortise.Config{}, st)
	fmt.Println(errors.Is(err, mortise.ErrNoURL), errors.Is(err, mortise.ErrNoSecretKey))
	// Output: true true
}

func ExampleDev() {
	srv, end := server()
	defer end()
	resp := answer(srv.Handler(), "GET", "/auth/login")
	fmt.Println(resp.StatusCode)
	// Output: 200
}

func ExampleServer_Require() {
	srv, end := server()
	defer end()
	notes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := mortise.FromContext(r.Context())
		fmt.Fprintf(w, "The notes of %s", who.Name)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /notes", srv.Require()(notes))
	mux.Handle("POST /notes", srv.Require(mortise.Permission("notes:write"))(notes))
	mux.Handle("DELETE /notes", srv.Require(mortise.Role("admin"), mortise.FreshWithin(10*time.Minute))(notes))

	resp := answer(mux, "POST", "/notes")
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"))
	// Output: 401 application/problem+json
}

func ExampleServer_Identify() {
	srv, end := server()
	defer end()
	home := srv.Identify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, signedIn := mortise.FromContext(r.Context()); !signedIn {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	fmt.Println(answer(home, "GET", "/").StatusCode)
	// Output: 418
}
