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

	// By autofill: the virtual person picks the suggestion at once.
	arrive := func(path string) {
		t.Helper()
		eventually(t, path, func() bool { return p.path() == path })
	}
	leave()
	p.Call("Page.navigate", map[string]any{"url": dev.url() + "/login"}, nil)
	arrive("/account")

	// By the button, in a browser that suggests nothing.
	p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": "PublicKeyCredential.isConditionalMediationAvailable = async () => false"}, nil)
	leave()
	p.Goto(dev.url() + "/login")
	p.at("/login")
	var told bool
	if p.Eval(`document.querySelector("[data-failed]").checkVisibility()`, &told); told {
		t.Error("a failure is shown before anything was tried")
	}
	p.Submit("passkey")
	p.at("/account")

	// The person is not verified: the authenticator says no, and the page says so.
	key.verified(false)
	leave()
	p.Goto(dev.url() + "/login")
	p.Click("passkey")
	p.Eval(`new Promise((done) => { const look = () => document.querySelector("[data-failed]:not([hidden])") ? done(0) : setTimeout(look, 20); look(); })`, nil)
	p.at("/login")
	key.verified(true)
	p.Submit("passkey")
	p.at("/account")

	// A phone, with the passkey in hand as the proof; then the first one is removed,
	// and the browser, which still has it, gets nowhere.
	phone := addAuthenticator(p.Page, "cable", true, true)
	p.Goto(dev.url() + "/account/passkeys")
	p.Submit("add-passkey-button")
	p.Submit("passkey")
	key.remove()
	p.Submit("submit")
	p.at("/account/passkeys")
	if phone.credentials() != 1 {
		t.Error("the phone has no passkey")
	}
	leave()
	p.Goto(dev.url() + "/login")
	p.Submit("passkey")
	p.at("/account")
	for range 2 {
		p.Goto(dev.url() + "/account/passkeys")
		p.Eval(`document.querySelector("form[action$='/passkeys/remove'] button").id = "take-away"`, nil)
		p.Submit("take-away")
		p.Fill("password", password)
		p.Submit("submit")
		p.at("/account/passkeys")
	}
	// PW-73: the browser was told which are left, and forgot the others.
	for range 100 {
		if phone.credentials() == 0 {
			break
		}
		p.Eval(`new Promise((done) => setTimeout(done, 50))`, nil)
	}
	if n := phone.credentials(); n != 0 {
		t.Errorf("the phone still has %d", n)
	}
	dev.stopped()
}
