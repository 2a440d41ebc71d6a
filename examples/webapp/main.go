// Webapp is a server-rendered web app whose people sign in at Mortise: authorization
// code with PKCE by go-oidc and x/oauth2, signing out at both, and being told when a
// session ended elsewhere (back-channel logout). In two terminals:
//
//	go run ./cmd/mortise dev --apply examples/webapp/apply.yaml
//	cd examples && go run ./webapp
package main

import (
	"context"
	"log"
	"net"
	"net/http"
)

func main() {
	l, err := net.Listen("tcp", "localhost:3000")
	if err != nil {
		log.Fatal(err)
	}
	a, err := connect(context.Background(), "http://localhost:8080", "http://localhost:3000")
	if err != nil {
		log.Fatal(err)
	}
	log.Print("open http://localhost:3000")
	log.Fatal(http.Serve(l, a.handler()))
}
