package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// run signs somebody in at issuer, renews the tokens once, and says who it is.
func run(ctx context.Context, issuer string, open func(address string), out io.Writer) error {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // not "localhost": that may be another's
	if err != nil {
		return err
	}
	defer l.Close()
	config := oauth2.Config{
		ClientID: "native", Endpoint: provider.Endpoint(), RedirectURL: "http://" + l.Addr().String() + "/callback",
		Scopes: []string{"openid", "profile", "offline_access"},
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	answers := make(chan answer, 1)
	srv := &http.Server{Handler: callback(issuer, state, answers)}
	go func() { _ = srv.Serve(l) }()
	open(config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))

	var got answer
	select {
	case <-ctx.Done():
		return ctx.Err()
	case got = <-answers:
	}
	if err := errors.Join(got.err, srv.Shutdown(ctx)); err != nil { // after the page was answered
		return err
	}
	tokens, err := config.Exchange(ctx, got.code, oauth2.VerifierOption(verifier))
	if err != nil {
		return err
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return err
	}
	if id.Nonce != nonce {
		return errors.New("the ID token is of another sign-in")
	}
	return greet(ctx, provider, &config, tokens, out)
}

// greet uses the refresh token, as a later start of the program would; a real one keeps
// it in the keychain of the system.
func greet(ctx context.Context, provider *oidc.Provider, config *oauth2.Config, tokens *oauth2.Token, out io.Writer) error {
	renewed, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
	if err != nil {
		return err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(renewed))
	if err != nil {
		return err
	}
	var about struct{ Name string }
	if err := info.Claims(&about); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Hello, %s!\n", about.Name)
	return err
}

type answer struct {
	code string
	err  error
}

// callback takes the answer to this sign-in, and only that.
func callback(issuer, state string, answers chan<- answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("state") != state || r.FormValue("iss") != issuer {
			http.Error(w, "This is not the answer to the sign-in that was begun.", http.StatusBadRequest)
			return
		}
		got := answer{code: r.FormValue("code")}
		if problem := r.FormValue("error"); problem != "" {
			got.err = errors.New(problem + ": " + r.FormValue("error_description"))
		}
		fmt.Fprintln(w, "You can close this window and go back to the program.")
		select {
		case answers <- got:
		default: // it has its answer
		}
	})
	return mux
}
