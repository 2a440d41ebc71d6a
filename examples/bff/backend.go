package main

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

//go:embed index.html app.js
var files embed.FS

type backend struct {
	issuer, origin, endSession string
	oauth                      oauth2.Config
	ids                        *oidc.IDTokenVerifier
	api                        *httputil.ReverseProxy

	mu       sync.Mutex
	sessions map[string]*session // by the value of the cookie
}

// session is what the browser's cookie stands for.
type session struct {
	subject string
	id      string             // its ID token, the hint for signing out
	tokens  oauth2.TokenSource // renews by itself
}

// connect makes the backend of the page at origin, in front of api.
func connect(ctx context.Context, issuer, origin, api string) (*backend, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	to, err := url.Parse(api)
	if err != nil {
		return nil, err
	}
	b := &backend{
		issuer: issuer, origin: origin, endSession: more.EndSession, sessions: map[string]*session{},
		ids: provider.Verifier(&oidc.Config{ClientID: "bff"}),
		oauth: oauth2.Config{
			ClientID: "bff", ClientSecret: "not-a-real-secret-0123456789abcdef", Endpoint: provider.Endpoint(),
			RedirectURL: origin + "/bff/callback", Scopes: []string{"openid", "notes:read", "notes:write"},
		},
	}
	b.api = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Del("Cookie") // is ours alone
	}}
	return b, nil
}

func (b *backend) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("GET /bff/signin", b.signIn)
	mux.HandleFunc("GET /bff/callback", b.callback)
	mux.HandleFunc("GET /bff/session", b.who)
	mux.HandleFunc("POST /bff/signout", b.signOut)
	mux.Handle("/api/", http.StripPrefix("/api", http.HandlerFunc(b.call)))
	own := http.NewCrossOriginProtection() // what other sites send with the cookie is refused
	return own.Handler(mux)
}

// call passes a request of the page on, with the person's token.
func (b *backend) call(w http.ResponseWriter, r *http.Request) {
	s, ok := b.session(r)
	if !ok {
		http.Error(w, "not signed in", http.StatusUnauthorized)
		return
	}
	token, err := s.tokens.Token()
	if err != nil { // ended at Mortise, or Mortise cannot be reached
		http.Error(w, "not signed in", http.StatusUnauthorized)
		return
	}
	token.SetAuthHeader(r)
	b.api.ServeHTTP(w, r)
}

// who tells the page whether somebody is signed in.
func (b *backend) who(w http.ResponseWriter, r *http.Request) {
	var answer struct {
		Subject string `json:"subject,omitempty"`
	}
	if s, ok := b.session(r); ok {
		answer.Subject = s.subject
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer)
}

func (b *backend) signIn(w http.ResponseWriter, r *http.Request) {
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	cookie(w, "begun", strings.Join([]string{state, nonce, verifier}, "."), 600, http.SameSiteLaxMode)
	http.Redirect(w, r, b.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
}

func (b *backend) callback(w http.ResponseWriter, r *http.Request) {
	begun, err := r.Cookie("begun")
	if err != nil {
		http.Error(w, "this browser began no sign-in", http.StatusBadRequest)
		return
	}
	cookie(w, "begun", "", -1, http.SameSiteLaxMode)
	part := strings.Split(begun.Value, ".")
	// RFC 9207: an answer of another issuer may be meant to get the code of this one.
	if len(part) != 3 || r.FormValue("state") != part[0] || r.FormValue("iss") != b.issuer {
		http.Error(w, "this is not the answer to that sign-in", http.StatusBadRequest)
		return
	}
	s, err := b.redeem(r.Context(), r.FormValue("code"), part[1], part[2])
	if err != nil {
		http.Error(w, "the sign-in failed: "+r.FormValue("error"), http.StatusForbidden)
		return
	}
	key := rand.Text()
	b.mu.Lock()
	b.sessions[key] = s
	b.mu.Unlock()
	cookie(w, "session", key, 0, http.SameSiteStrictMode)
	w.Header().Set("Refresh", "0; url=/") // a redirect from another site would bring no strict cookie
}

func (b *backend) redeem(ctx context.Context, code, nonce, verifier string) (*session, error) {
	tokens, err := b.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := b.ids.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if id.Nonce != nonce {
		return nil, errors.New("the ID token is of another sign-in")
	}
	lasting := context.WithoutCancel(ctx) // renewals come after this request
	return &session{subject: id.Subject, id: raw, tokens: b.oauth.TokenSource(lasting, tokens)}, nil
}

// signOut ends the session here, and says where it ends at Mortise too.
func (b *backend) signOut(w http.ResponseWriter, r *http.Request) {
	to := b.origin + "/"
	if s, ok := b.session(r); ok {
		query := url.Values{"id_token_hint": {s.id}, "post_logout_redirect_uri": {to}}
		to = b.endSession + "?" + query.Encode()
	}
	if c, err := r.Cookie("session"); err == nil {
		b.mu.Lock()
		delete(b.sessions, c.Value)
		b.mu.Unlock()
	}
	cookie(w, "session", "", -1, http.SameSiteStrictMode)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (b *backend) session(r *http.Request) (*session, bool) {
	c, err := r.Cookie("session")
	if err != nil {
		return nil, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.sessions[c.Value]
	return s, ok
}

// cookie sets one of this browser's. Behind https its name begins with __Host- and it is Secure.
func cookie(w http.ResponseWriter, name, value string, age int, site http.SameSite) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: site})
}
