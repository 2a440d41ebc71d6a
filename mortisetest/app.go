package mortisetest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// App is a program that signs people in and gets tokens: a first-party native app.
type App struct {
	ID string // client_id

	srv *Server
}

// AppOption changes what App registers.
type AppOption func(*appWish)

type appWish struct {
	client.Client
	apis []resource.Resource
}

// ClientID is the client_id; made up unless given.
func ClientID(id string) AppOption { return func(w *appWish) { w.ID = client.ID(id) } }

// ForAPI lets the app ask for tokens for an API, and for scopes there. They are
// made when they do not exist.
func ForAPI(identifier string, scopes ...string) AppOption {
	return func(w *appWish) {
		w.Resources, w.Scopes = append(w.Resources, identifier), append(w.Scopes, scopes...)
		w.apis = append(w.apis, resource.Resource{Identifier: identifier, Scopes: scopes})
	}
}

// OpaqueTokens makes its access tokens opaque ones.
func OpaqueTokens() AppOption { return func(w *appWish) { w.TokenFormat = string(resource.Opaque) } }

// App registers an app. Without options its tokens are for Mortise's own API.
func (s *Server) App(t testing.TB, opts ...AppOption) *App {
	t.Helper()
	w := &appWish{Client: client.Client{
		ID: client.ID(fmt.Sprintf("app%d", s.apps.Add(1))), Type: client.Native, Auth: client.AuthNone,
		Grants: []string{client.GrantRefresh}, Scopes: []string{"openid", "profile"}, FirstParty: true,
	}}
	for _, o := range opts {
		o(w)
	}
	for _, r := range w.apis {
		s.ensureAPI(t, r)
	}
	w.Name = string(w.ID)
	c, _, err := s.app.Directory.CreateClient(t.Context(), user.Host(), w.Client, secret.Text{})
	s.must(t, "register an app", err)
	return &App{ID: string(c.ID), srv: s}
}

func (s *Server) ensureAPI(t testing.TB, want resource.Resource) {
	t.Helper()
	for _, name := range want.Scopes {
		_, err := s.app.Directory.PutScope(t.Context(), user.Host(), resource.Scope{Name: name})
		s.must(t, "make the scope "+name, err)
	}
	_, err := s.app.Directory.CreateResource(t.Context(), user.Host(), want)
	if errors.Is(err, resource.ErrTaken) {
		return
	}
	s.must(t, "make the API "+want.Identifier, err)
}

// Tokens are what an app holds after somebody signed in.
type Tokens struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ID        string `json:"id_token"`
	Scope     string `json:"scope"`
	ExpiresIn int    `json:"expires_in"` // seconds, by Server.Clock
	Session   struct {
		ID string `json:"id"`
	} `json:"session"`
}

// Token signs u in to an app, by the password, and returns the access token. See
// Tokens.
func (u *User) Token(t testing.TB, app *App, opts ...TokenOption) string {
	t.Helper()
	return u.Tokens(t, app, opts...).Access
}

// Tokens signs u in to an app by the real flow, limits included, from an address of
// its own. Of the options only Scope and Audience apply.
func (u *User) Tokens(t testing.TB, app *App, opts ...TokenOption) Tokens {
	t.Helper()
	w := wishOf(opts)
	if len(w.made) > 0 {
		t.Fatalf("mortisetest: %s: a real server makes no such tokens; use Issuer", strings.Join(w.made, ", "))
	}
	if u.Password == "" {
		t.Fatalf("mortisetest: %s has no password to sign in with", u.Email)
	}
	r := u.srv.Request(t, http.MethodPost, u.srv.Path("/api/v1/signin"), map[string]any{
		"identifier": u.Email, "password": u.Password, "deliver": "tokens", "client_id": app.ID,
		"scope": w.scope(), "resource": append([]string{}, w.audiences...),
	})
	asProgram(r)
	r.RemoteAddr = visitor(u.srv.visitors.Add(1))
	var got Tokens
	Do(t, u.srv, r).Status(http.StatusOK).JSON(&got)
	if got.Access == "" {
		t.Fatalf("mortisetest: signing in to %s ended without tokens", app.ID)
	}
	return got
}

// Refresh renews tokens at the token endpoint.
func (a *App) Refresh(t testing.TB, held Tokens) *Answer {
	t.Helper()
	r := a.srv.Request(t, http.MethodPost, a.srv.Path("/oauth2/token"), "")
	r = withForm(r, "grant_type=refresh_token&client_id="+a.ID+"&refresh_token="+held.Refresh)
	r.RemoteAddr = visitor(a.srv.visitors.Add(1))
	return Do(t, a.srv, r)
}
