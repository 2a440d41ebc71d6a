package mortisetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/mortisetest"
	"github.com/mortise-auth/mortise/verify"
)

// invoices is a resource server under test.
func invoices(t *testing.T, iss *mortisetest.TokenIssuer) http.Handler {
	t.Helper()
	v, err := verify.New(t.Context(), iss.URL, iss.Options(mortisetest.DefaultAudience)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", v.Require(verify.Scope("invoices:read"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := verify.FromContext(r.Context())
		fmt.Fprintf(w, "invoices of %s", who.Subject)
	})))
	return mux
}

// TH-19 JW-1 JW-11: whatever is wrong with a token, a resource server that is
// tested with an Issuer sees it, and what was revoked while it runs.
func TestIssuer(t *testing.T) {
	t.Parallel()
	iss := mortisetest.Issuer(t)
	scope := mortisetest.Scope("invoices:read")
	before := iss.Token(t, scope, mortisetest.Revoked())
	api := invoices(t, iss)
	good := iss.Token(t, scope, mortisetest.Sub("usr_1"))
	mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(good)).Status(200).See("invoices of usr_1")
	mortisetest.Do(t, api, mortisetest.Get("/invoices").Anonymous()).Problem(401, "not_signed_in")
	mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(before)).Problem(401, "token_revoked")
	for code, opts := range map[string][]mortisetest.TokenOption{
		"token_expired":       {scope, mortisetest.Expired()},
		"token_not_yet_valid": {scope, mortisetest.NotYet()},
		"wrong_issuer":        {scope, mortisetest.WrongIssuer()},
		"wrong_audience":      {scope, mortisetest.Audience("https://elsewhere.example.com")},
		"token_unknown_key":   {scope, mortisetest.WrongKey()},
		"wrong_token_type":    {scope, mortisetest.WrongType()},
		"token_revoked":       {scope, mortisetest.Revoked()},
		"token_bound":         {scope, mortisetest.Bound("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")},
		"insufficient_scope":  {mortisetest.Scope("invoices:write")},
		"insufficient_scope ": {},
	} {
		code = strings.TrimSpace(code)
		got := mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(iss.Token(t, opts...)))
		if got.StatusCode != 401 && got.StatusCode != 403 {
			t.Errorf("%s: %d", code, got.StatusCode)
		}
		got.See(`"` + code + `"`)
	}
	session := iss.Token(t, scope, mortisetest.InSession("ses_1"))
	mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(session)).Status(200)
	iss.EndSession(t, "ses_1")
	mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(session)).Problem(401, "token_revoked")
	iss.Revoke(t, good)
	mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(good)).Problem(401, "token_revoked")
}

// TH-34: a person's token comes from the real flow, opens the host's handlers, and
// dies with the session.
func TestUserToken(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	srv.Mount(srv.Auth.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := mortise.FromContext(r.Context())
		fmt.Fprintf(w, "%s by %s", who.Subject, who.ClientID)
	})))
	kim := srv.User(t)
	for _, opts := range [][]mortisetest.AppOption{{mortisetest.ClientID("phone")}, {mortisetest.ClientID("tv"), mortisetest.OpaqueTokens()}} {
		app := srv.App(t, opts...)
		held := kim.Tokens(t, app)
		mortisetest.Do(t, srv, mortisetest.Get("/").Bearer(held.Access)).Status(200).See(kim.ID + " by " + app.ID)
		mortisetest.Do(t, srv, mortisetest.Get("/").Bearer(held.Access+"x")).Problem(401, "invalid_token")
		app.Refresh(t, held).Status(200).JSON(&held)
		mortisetest.Do(t, srv, srv.Bearer(t, "GET", "/", nil, held.Access)).Status(200)
		mortisetest.Do(t, srv, kim.Delete(srv.Path("/api/v1/me/sessions/"+held.Session.ID))).Status(204)
		mortisetest.Do(t, srv, mortisetest.Get("/").Bearer(held.Access)).Problem(401, "invalid_token")
		app.Refresh(t, held).Status(400)
	}
	elsewhere := srv.App(t, mortisetest.ForAPI("https://api.example.com", "invoices:read"))
	token := kim.Token(t, elsewhere, mortisetest.Scope("invoices:read"), mortisetest.Audience("https://api.example.com"))
	mortisetest.Do(t, srv, mortisetest.Get("/").Bearer(token)).Problem(401, "invalid_token")
	srv.Clock.Advance(16 * time.Minute)
	mortisetest.Do(t, srv, mortisetest.Get("/").Bearer(kim.Token(t, srv.App(t)))).Status(200)
}

func ExampleIssuer() {
	_ = func(t *testing.T) { // TestResourceServer
		iss := mortisetest.Issuer(t)
		api := invoices(t, iss) // your handler, built with iss.URL and iss.Options
		tok := iss.Token(t, mortisetest.Sub("usr_1"), mortisetest.Scope("invoices:read"), mortisetest.Expired())
		mortisetest.Do(t, api, mortisetest.Get("/invoices").Bearer(tok)).Problem(401, "token_expired")
	}
}

func ExampleUser_Token() {
	_ = func(t *testing.T) { // TestAppCalls
		srv := mortisetest.NewServer(t)
		srv.Mount(hello(srv.Auth))
		kim, app := srv.User(t), srv.App(t, mortisetest.ClientID("phone"))
		mortisetest.Do(t, srv, mortisetest.Get("/").Bearer(kim.Token(t, app))).Status(200)
	}
}
