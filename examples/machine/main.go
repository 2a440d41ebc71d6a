// Machine is a program that acts for itself: client_credentials, first with a secret,
// then with a key pair (private_key_jwt, RFC 7523). From the folder examples/machine,
// in two terminals:
//
//	go run . -new-key
//	go run ../../cmd/mortise dev --apply apply.yaml
//	go run .
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	make := flag.Bool("new-key", false, "write nightly.pem and nightly.jwks.json")
	flag.Parse()
	if *make {
		if err := newKey("nightly.pem", "nightly.jwks.json"); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(context.Background(), "http://localhost:8080", "nightly.pem", os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run asks issuer for a token in both ways and says what it got.
func run(ctx context.Context, issuer, keyFile string, out io.Writer) error {
	byKey, err := withKey(issuer, keyFile)
	if err != nil {
		return err
	}
	for _, way := range []struct {
		name   string
		source oauth2.TokenSource
	}{{"with a secret", withSecret(ctx, issuer)}, {"with a key", byKey(ctx)}} {
		token, err := way.source.Token()
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		fmt.Fprintf(out, "%s: a %s token for %v\n", way.name, token.TokenType, token.Extra("scope"))
	}
	return nil
}

// withSecret renews tokens by itself; a program that calls an API takes Config.Client.
func withSecret(ctx context.Context, issuer string) oauth2.TokenSource {
	config := clientcredentials.Config{
		ClientID: "nightly", ClientSecret: "not-a-real-secret-0123456789abcdef",
		TokenURL: issuer + "/oauth2/token", Scopes: []string{"notes:read"},
	}
	return config.TokenSource(ctx)
}
