package e2e

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/mortisetest"
)

// PW-36 PW-52 PW-54 PW-72: somebody signs up with a passkey alone in Chromium, signs in
// by autofill, adds a password by it, and takes it away again.
func TestPasskeyOnlyInABrowser(t *testing.T) {
	t.Parallel()
	dev := dev(t)
	const me, words = "rosa@example.test", "seven oak pegs hold this frame"
	p := open(t, browser.Launch(t, testenv.Chromium(t)), "passkey-only", dev.url(), browser.Options{})
	key := addAuthenticator(p.Page, "internal", true, true)
	mails := visit(t, dev.url(), nil)

	p.Goto(dev.url() + "/signup")
	p.Fill("display-name", "Rosa Luxemburg")
	p.Fill("email", me)
	p.Submit("passkey")
	p.at("/verify")
	p.Fill("code", mails.mail(me, "").Code)
	p.Submit("submit")
	p.at("/verify")
	if key.credentials() != 0 {
		t.Error("a passkey before its button was pressed")
	}
	p.Submit("passkey")
	p.at("/verify")
	if n := key.credentials(); n != 1 {
		t.Fatalf("the authenticator has %d", n)
	}
	byAutofill := func() {
		t.Helper()
		p.Call("Page.navigate", map[string]any{"url": dev.url() + "/login"}, nil)
		eventually(t, "/account", func() bool { return p.path() == "/account" })
	}
	byAutofill()
	p.at("/account")

	p.Goto(dev.url() + "/account/password")
	p.at("/account/password")
	p.Fill("new-password", words)
	p.Submit("passkey")
	p.at("/account/password")
	p.Submit("remove-password-button")
	p.Submit("passkey")
	p.at("/account/password")
	p.Goto(dev.url() + "/logout")
	p.Submit("logout-confirm")
	other := open(t, browser.Launch(t, testenv.Chromium(t)), "no-passkey", dev.url(), browser.Options{})
	other.Goto(dev.url() + "/login")
	other.Fill("identifier", me)
	other.Fill("password", words)
	other.Submit("submit")
	if other.Text("error-code") != "credentials_wrong" {
		t.Errorf("a password that was removed: %s at %s", other.Text("error-code"), other.path())
	}
	byAutofill()
	dev.stopped()
}

// Whoever began with a passkey, and opens the mailed link where no scripts run,
// finishes with a password there.
func TestPasskeySignUpEndsWithoutScriptsInABrowser(t *testing.T) {
	t.Parallel()
	const me = "rosa@example.test"
	b, srv := browser.Launch(t, testenv.Chromium(t)), mortisetest.NewServer(t, mortisetest.Listen())
	p := open(t, b, "began", srv.URL(""), browser.Options{})
	addAuthenticator(p.Page, "internal", true, true)
	p.Goto(p.base + "/auth/signup")
	p.Fill("display-name", "Rosa Luxemburg")
	p.Fill("email", me)
	p.Submit("passkey")
	p.at("/auth/verify")

	other := open(t, b, "ended", srv.URL(""), browser.Options{NoScript: true, Language: "de"})
	other.Goto(srv.Inbox(t).Next(me).Link())
	other.at("/auth/verify")
	other.send("submit", "new-password", ownPassword)
	other.at("/auth/verify")
	other.goTo("/auth/login")
	other.send("submit", "identifier", me, "password", ownPassword)
	other.at("/auth/account")
}
