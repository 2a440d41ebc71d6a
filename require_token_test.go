package mortise_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/mortisetest"
)

// tokenOf registers an app for the host's API and signs somebody in with it.
func tokenOf(t *testing.T, srv *mortisetest.Server, resource string) string {
	t.Helper()
	access, _ := tokensOf(t, srv, resource)
	return access
}

func tokensOf(t *testing.T, srv *mortisetest.Server, resource string) (access, refresh string) {
	t.Helper()
	ada := srv.User(t, mortisetest.Role("admin"))
	api := func(path string, body any) {
		mortisetest.Do(t, srv.Auth.Handler(), ada.Post("/auth/api/v1"+path, body)).Status(http.StatusCreated)
	}
	mortisetest.Do(t, srv.Auth.Handler(), ada.Put("/auth/api/v1/scopes/posts:read", map[string]any{"description": "Read posts"})).Status(http.StatusOK)
	app := map[string]any{
		"client_id": "phone", "token_endpoint_auth_method": "none", "application_type": "native", "grant_types": []string{"refresh_token"},
		"first_party": true, "scope": "posts:read",
	}
	if resource != "" {
		api("/resources", map[string]any{"identifier": resource})
		app["resources"] = []string{resource}
	}
	api("/clients", app)
	kim := srv.User(t, mortisetest.Role("editor", "posts:write"))
	r := srv.Request(t, "POST", "/auth/api/v1/signin", map[string]any{
		"identifier": kim.Email, "password": kim.Password, "deliver": "tokens", "client_id": "phone",
	})
	for _, name := range []string{"Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		r.Header.Del(name) // an app, not a page
	}
	var got struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	mortisetest.Do(t, srv.Auth.Handler(), r).Status(http.StatusOK).JSON(&got)
	return got.Access, got.Refresh
}

func with(r *http.Request, authorization ...string) *http.Request {
	r.Header["Authorization"] = authorization
	return r
}

// OA-50 OA-51 OA-53: Require takes an access token for Config.Resource in the
// header, judges it by the rules, and says in WWW-Authenticate what is missing.
func TestRequireTakesTokens(t *testing.T) {
	t.Parallel()
	const resource = "https://posts.example.org"
	srv := mortisetest.NewServer(t, mortisetest.Configure(func(c *mortise.Config) { c.Resource = resource }))
	token := tokenOf(t, srv, resource)
	get := func() *http.Request { return with(srv.Request(t, "GET", "/", nil), "Bearer "+token) }
	for _, c := range []struct {
		name      string
		rule      mortise.Rule
		status    int
		code      string
		challenge string
	}{
		{"role", mortise.Role("editor"), 200, "", ""},
		{"permission", mortise.Permission("posts:write"), 200, "", ""},
		{"scope", mortise.Scope("posts:read"), 200, "", ""},
		{"assurance", mortise.Assurance(1), 200, "", ""},
		{"scope, or a person", mortise.AnyOf(mortise.BySession(), mortise.Scope("posts:read")), 200, "", ""},
		{"another scope", mortise.Scope("posts:read", "posts:write"), 403, "missing_scope", `error="insufficient_scope", scope="posts:read posts:write"`},
		{"a person", mortise.BySession(), 403, "session_needed", ""},
		{"another role", mortise.Role("admin"), 403, "missing_role", ""},
		{"stronger", mortise.Assurance(2), 401, "stronger_sign_in_needed", `error="insufficient_user_authentication", acr_values="2"`},
	} {
		a := mortisetest.Do(t, srv.Auth.Require(c.rule)(greet), get())
		if c.code == "" {
			a.Status(200)
			continue
		}
		a.Problem(c.status, c.code)
		if got := a.Header.Get("WWW-Authenticate"); !strings.HasSuffix(got, c.challenge) || c.challenge == "" && got != "" {
			t.Errorf("%s: WWW-Authenticate %q", c.name, got)
		}
	}
	srv.Clock.Advance(2 * time.Minute)
	a := mortisetest.Do(t, srv.Auth.Require(mortise.FreshWithin(time.Minute))(greet), get()).Problem(401, "sign_in_again")
	if got := a.Header.Get("WWW-Authenticate"); !strings.HasSuffix(got, `error="insufficient_user_authentication", max_age="60"`) {
		t.Errorf("WWW-Authenticate %q", got)
	}
}

// TH-20 OA-51: a token that is presented and wrong is refused, for Identify too,
// with a good cookie beside it and to a navigation; a proxy's Basic header is none.
func TestWrongTokenIsNoStranger(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t, mortisetest.Configure(func(c *mortise.Config) { c.Resource = "https://posts.example.org" }))
	token := tokenOf(t, srv, "") // for the instance's own API, not for the host's
	u := srv.User(t)
	for _, header := range []string{"Bearer " + token, "Bearer", "bearer\tx", "Bearer x y", "DPoP " + token} {
		for _, r := range []*http.Request{srv.Request(t, "GET", "/", nil), u.Get("/"), navigate(srv.Request(t, "GET", "/", nil)), navigate(u.Get("/"))} {
			for _, h := range []http.Handler{srv.Auth.Require()(greet), srv.Auth.Identify(greet)} {
				a := mortisetest.Do(t, h, with(r, header)).Problem(401, "invalid_token")
				if got := a.Header.Get("WWW-Authenticate"); !strings.HasSuffix(got, `error="invalid_token"`) {
					t.Errorf("%s: %q", header, got)
				}
			}
		}
	}
	mortisetest.Do(t, srv.Auth.Identify(greet), with(u.Get("/"), "Bearer a", "Bearer b")).Problem(400, "ambiguous_credentials")
	mortisetest.Do(t, srv.Auth.Require()(greet), with(u.Get("/"), "Basic eDp5")).Status(200)
	mortisetest.Do(t, srv.Auth.Require()(greet), with(srv.Request(t, "GET", "/", nil), "Basic eDp5")).Problem(401, "not_signed_in")
}

// A refused token is explained as one.
func TestWhyOfAToken(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	token := tokenOf(t, srv, "")
	ada := srv.User(t, mortisetest.Role("admin"))
	var p struct{ Why string }
	mortisetest.Do(t, srv.Auth.Require(mortise.Scope("x"))(greet), with(srv.Request(t, "GET", "/", nil), "Bearer "+token)).Problem(403, "missing_scope").JSON(&p)
	var d struct{ Credential, Subject string }
	mortisetest.Do(t, srv.Auth.Handler(), ada.Get("/auth/api/v1/decisions/"+p.Why)).Status(http.StatusOK).JSON(&d)
	if d.Credential != "bearer" || d.Subject == "" {
		t.Errorf("%+v", d)
	}
	mortisetest.Do(t, srv.Auth.Require()(greet), with(srv.Request(t, "GET", "/", nil), "Bearer x")).Problem(401, "invalid_token").JSON(&p)
	mortisetest.Do(t, srv.Auth.Handler(), ada.Get("/auth/api/v1/decisions/"+p.Why)).Status(http.StatusOK).JSON(&d)
	if d.Credential != "bearer" {
		t.Errorf("%+v", d)
	}
}
