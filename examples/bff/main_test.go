package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/examples/notes"
	"github.com/mortise-auth/mortise/examples/walk"
	"github.com/mortise-auth/mortise/verify"
)

func TestMain(m *testing.M) { walk.Main(m) }

// TH-9
func TestJourney(t *testing.T) {
	l, origin := walk.Listen(t)
	behind, api := walk.Listen(t)
	issuer := walk.Mortise(t, "apply.yaml", "http://localhost:3000", origin, "http://localhost:4000", api)
	v, err := verify.New(t.Context(), issuer, verify.Audience(api), verify.Credentials("notes-api", "not-a-real-secret-of-notes-0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	walk.Serve(t, behind, notes.Handler(v))
	b, err := connect(t.Context(), issuer, origin, api)
	if err != nil {
		t.Fatal(err)
	}
	walk.Serve(t, l, b.handler())

	ada := walk.Ada(t)
	ada.Goto(origin)
	ada.See("You are not signed in.")
	ada.Submit("signin")
	ada.SignIn()
	ada.Agree()
	ada.See("Hello, usr_")
	ada.Fill("text", "buy oak")
	ada.Click("save")
	ada.See("buy oak")
	ada.Reload()
	ada.See("buy oak")

	var seen string // nothing of the tokens is where a script could find it
	ada.Eval(`JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])`, &seen)
	if seen != `[{},{},""]` {
		t.Errorf("scripts see %s", seen)
	}
	// Another site's request with the cookie is refused.
	r, err := http.NewRequestWithContext(t.Context(), "POST", origin+"/api/notes", strings.NewReader(`{"text":"sell oak"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.example")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("another site's request: %s", resp.Status)
	}

	ada.Submit("signout")
	ada.See("You are not signed in.")
	ada.Goto(issuer + "/account")
	ada.At("/login") // signed out there too
}
