package clients

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// goApp is a web app with coreos/go-oidc and x/oauth2, as their examples show.
type goApp struct {
	t        *testing.T
	ctx      context.Context
	person   *person
	provider *oidc.Provider
	config   oauth2.Config
	verifier *oidc.IDTokenVerifier
	ended    chan *oidc.LogoutToken
}

// blank is the page of an app that has taken its answer.
func blank(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><title>An app</title><link rel="icon" href="data:,"><p id="back">back</p>`))
}

// told is the back channel, as the library's example has it.
func (a *goApp) told(w http.ResponseWriter, r *http.Request) {
	token, err := a.verifier.VerifyLogout(a.ctx, r.PostFormValue("logout_token"))
	if err != nil {
		a.t.Errorf("the logout token: %v", err)
		http.Error(w, "refused", http.StatusBadRequest)
		return
	}
	a.ended <- token
}

// goOIDC is the usual way of Go programs.
func goOIDC(t *testing.T, w *world) {
	ctx := oidc.ClientContext(t.Context(), w.client(t))
	provider, err := oidc.NewProvider(ctx, w.issuer)
	must(t, err)
	a := &goApp{
		t: t, ctx: ctx, ended: make(chan *oidc.LogoutToken, 1), person: w.person(t, "go@example.test"), provider: provider, verifier: provider.VerifierContext(ctx, &oidc.Config{ClientID: "go"}),
		config: oauth2.Config{
			ClientID: "go", ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: w.at("go-oidc") + "/callback",
			Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", blank)
	mux.HandleFunc("GET /callback", blank)
	mux.HandleFunc("GET /bye", blank)
	mux.HandleFunc("POST /backchannel", a.told)
	w.serve(t, w.ports["go-oidc"], mux)
	token, raw := a.signIn()
	a.userInfo(token)
	a.refresh(token)
	a.machine()
	a.device(w)
	a.leave(w, raw)
}

// authorize sends the person there and reads what came back.
func (a *goApp) authorize(o ...oauth2.AuthCodeOption) url.Values {
	a.t.Helper()
	back, err := url.Parse(a.person.walk(a.config.AuthCodeURL("a-state", o...)))
	must(a.t, err)
	want(a.t, "state", back.Query().Get("state"), "a-state")
	return back.Query()
}

func (a *goApp) signIn() (token *oauth2.Token, raw string) {
	a.t.Helper()
	verifier := oauth2.GenerateVerifier()
	answer := a.authorize(oidc.Nonce("a-nonce"), oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", "consent"))
	a.person.saw("/login", "/consent")
	token, err := a.config.Exchange(a.ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	must(a.t, err)
	raw, _ = token.Extra("id_token").(string)
	id, err := a.verifier.Verify(a.ctx, raw)
	must(a.t, err)
	want(a.t, "nonce", id.Nonce, "a-nonce")
	must(a.t, id.VerifyAccessToken(token.AccessToken))
	_, err = a.config.Exchange(a.ctx, answer.Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier()))
	a.refused(err, "invalid_grant")
	return token, raw
}

func (a *goApp) refused(err error, code string) {
	a.t.Helper()
	refusal := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &refusal) || refusal.ErrorCode != code {
		a.t.Errorf("refused with %v, want %s", err, code)
	}
}

func (a *goApp) userInfo(token *oauth2.Token) {
	a.t.Helper()
	info, err := a.provider.UserInfo(a.ctx, oauth2.StaticTokenSource(token))
	must(a.t, err)
	var claims struct{ Name string }
	must(a.t, info.Claims(&claims))
	want(a.t, "email", info.Email, "go@example.test")
	want(a.t, "name", claims.Name, "Gustav Go")
	want(a.t, "email_verified", info.EmailVerified, true)
}

// refresh is what the token source does when the access token is old.
func (a *goApp) refresh(token *oauth2.Token) {
	a.t.Helper()
	fresh, err := a.config.TokenSource(a.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	must(a.t, err)
	if fresh.AccessToken == token.AccessToken {
		a.t.Error("the access token is the old one")
	}
	raw, _ := fresh.Extra("id_token").(string)
	_, err = a.verifier.Verify(a.ctx, raw)
	must(a.t, err)
}

// machine tries both ways of x/oauth2 to authenticate: it finds the right one out.
func (a *goApp) machine() {
	a.t.Helper()
	c := clientcredentials.Config{
		ClientID: "go", ClientSecret: secret, TokenURL: a.config.Endpoint.TokenURL, Scopes: []string{"things:read"},
		EndpointParams: url.Values{"resource": {"https://things.example.test"}},
	}
	token, err := c.Token(a.ctx)
	must(a.t, err)
	want(a.t, "token type", token.Type(), "Bearer")
	want(a.t, "scope", token.Extra("scope"), any("things:read"))
}

// device is RFC 8628 as x/oauth2 has it.
func (a *goApp) device(w *world) {
	a.t.Helper()
	config := oauth2.Config{ClientID: "television", Endpoint: a.provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"}}
	begun, err := config.DeviceAuth(a.ctx)
	must(a.t, err)
	a.person.walk(begun.VerificationURIComplete)
	token, err := config.DeviceAccessToken(a.ctx, begun)
	must(a.t, err)
	raw, _ := token.Extra("id_token").(string)
	_, err = a.provider.VerifierContext(a.ctx, &oidc.Config{ClientID: "television"}).Verify(a.ctx, raw)
	must(a.t, err)
}

// leave signs out at the address that discovery names.
func (a *goApp) leave(w *world, raw string) {
	a.t.Helper()
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	must(a.t, a.provider.Claims(&more))
	bye := w.at("go-oidc") + "/bye"
	id, err := a.verifier.Verify(a.ctx, raw)
	must(a.t, err)
	var claims struct{ Sid string }
	must(a.t, id.Claims(&claims))
	got := a.person.walk(more.EndSession + "?" + url.Values{"id_token_hint": {raw}, "post_logout_redirect_uri": {bye}, "state": {"s"}}.Encode())
	want(a.t, "back at", got, bye+"?state=s")
	select {
	case told := <-a.ended:
		want(a.t, "subject of the logout token", told.Subject, id.Subject)
		want(a.t, "session of the logout token", told.SessionID, claims.Sid)
	case <-time.After(patience):
		a.t.Error("the app was not told")
	}
	want(a.t, "signed out", a.authorize(oauth2.SetAuthURLParam("prompt", "none"), oauth2.S256ChallengeOption(oauth2.GenerateVerifier())).Get("error"), "login_required")
}
