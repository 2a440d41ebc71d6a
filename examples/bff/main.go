// Bff is a single-page app with a backend for its frontend: the backend signs people
// in, keeps the tokens, renews them, and adds them to what the page asks of the API.
// No token ever reaches the browser, which holds a cookie. In three terminals:
//
//	go run ./cmd/mortise dev --apply examples/bff/apply.yaml
//	cd examples && go run ./resource
//	cd examples && go run ./bff
package main

import (
	"context"
	"log"
	"net/http"
)

func main() {
	a, err := connect(context.Background(), "http://localhost:8080", "http://localhost:3000", "http://localhost:4000")
	if err != nil {
		log.Fatal(err)
	}
	log.Print("open http://localhost:3000")
	log.Fatal(http.ListenAndServe("localhost:3000", a.handler()))
}
