package e2e

import (
	"regexp"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// shown are the names under which an authenticator shows its passkeys.
func (a authenticator) shown() (names []string) {
	var out struct {
		Credentials []struct{ UserName, UserDisplayName string }
	}
	a.p.Call("WebAuthn.getCredentials", map[string]any{"authenticatorId": a.id}, &out)
	for _, c := range out.Credentials {
		names = append(names, c.UserDisplayName+" "+c.UserName)
	}
	return names
}

// silently answers, with the virtual authenticator, what Chromium leaves to a password
// manager that tests have not: a new passkey that nobody is asked for. What is asked for
// in any other way is refused.
const silently = `
const make = navigator.credentials.create.bind(navigator.credentials);
navigator.credentials.create = ({ mediation, ...o }) => mediation === "conditional" ? make(o) : Promise.reject(new Error("somebody is asked"));`

// PW-54 PW-73: after a sign-in by password a passkey is made without a question, once,
// and signs in; the authenticator is told what its person is called from now on, and,
// when it shows one in vain that was removed elsewhere, that there is none.
func TestPasskeySignalsInABrowser(t *testing.T) {
	t.Parallel()
	dev := dev(t, "--data", folder(t)+"/data")
	const me, password = "ben@example.test", "correct horse battery staple"
	p := open(t, browser.Launch(t, testenv.Chromium(t)), "passkey-signals", dev.url(), browser.Options{})
	p.Call("Page.enable", map[string]any{}, nil)
	p.Call("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": silently}, nil)
	key := addAuthenticator(p.Page, "internal", true, true)
	factors := func(args ...string) string {
		t.Helper()
		code, out, errs := dev.command(append(append([]string{"users", "factors"}, args...), "--json", "--data", dev.ready.Data)...)
		if code != 0 {
			t.Fatalf("%v: %d %s", args, code, errs)
		}
		return out
	}
	id := func() []string { return regexp.MustCompile(`psk_[0-9a-z]+`).FindAllString(factors("list", me), -1) }

	p.Goto(dev.url() + "/login")
	p.Fill("identifier", me)
	p.Fill("password", password)
	p.Submit("submit")
	p.at("/account")
	eventually(t, "a passkey that nobody asked for", func() bool { return key.credentials() == 1 && len(id()) == 1 })
	p.goTo("/account")
	p.goTo("/account/passkeys")
	if n := len(id()); n != 1 || key.credentials() != 1 {
		t.Errorf("%d passkeys, the authenticator has %d", n, key.credentials())
	}

	p.goTo("/account/profile")
	p.send("submit", "display-name", "Benjamin Franklin")
	p.at("/account/profile")
	eventually(t, "the new name", func() bool { n := key.shown(); return len(n) == 1 && n[0] == "Benjamin Franklin "+me })

	byAutofill := func() {
		t.Helper()
		p.Goto(dev.url() + "/logout")
		p.Submit("logout-confirm")
		p.Call("Page.navigate", map[string]any{"url": dev.url() + "/login"}, nil)
	}
	byAutofill()
	eventually(t, "/account", func() bool { return p.path() == "/account" })
	p.at("/account")

	factors("remove", me, id()[0])
	byAutofill()
	eventually(t, "the authenticator's end of it", func() bool { return key.credentials() == 0 })
	p.at("/login")
	if p.Text("error-code") != "passkey_wrong" {
		t.Errorf("a passkey that was removed: %s", p.Text("error-code"))
	}
	dev.stopped()
}
