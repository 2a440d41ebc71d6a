package e2e

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// TestServicesInABrowser is signing in with the test provider in Chromium, with and
// without scripts: for the first time, coming back, no, away, a window that is closed;
// an account that exists, linking from the account and unlinking. TH-40 TH-41
func TestServicesInABrowser(t *testing.T) {
	t.Parallel()
	dev := dev(t)
	b := browser.Launch(t, testenv.Chromium(t))
	for _, one := range []struct {
		name, email string
		options     browser.Options
	}{
		{"services-script", "otto@example.test", browser.Options{}},
		{"services-plain", "vera@example.test", browser.Options{NoScript: true, Language: "de"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			p := open(t, b, one.name, dev.url(), one.options)
			p.newcomer()
			p.refusals()
			p.existing(one.email, visit(t, dev.url(), nil))
		})
	}
}

// there chooses somebody at the test provider.
func (p *tab) there(subject, fault string) {
	p.t.Helper()
	if !strings.HasPrefix(p.path(), "/dev/idp/") {
		p.t.Fatalf("%s: it stands on %s: %s", p.name, p.path(), p.Text(""))
	}
	p.Click("person-" + subject)
	if fault != "" {
		p.Eval("document.getElementById('fault').value = '"+fault+"'", nil)
	}
	p.Submit("submit")
}

// continues is the button on the sign-in page.
func (p *tab) continues() {
	p.t.Helper()
	p.goTo("/login")
	p.Submit("continue-test")
}

func (p *tab) leave() {
	p.t.Helper()
	p.goTo("/logout")
	p.Submit("logout-confirm")
}

// newcomer comes for the first time, and again.
func (p *tab) newcomer() {
	p.t.Helper()
	for range 2 {
		p.Goto(p.base + "/login?return_to=/account/profile")
		p.Submit("continue-test")
		p.there("grace", "")
		p.at("/account/profile")
		if got := p.Value("display-name"); got != "Grace Hopper" {
			p.t.Errorf("%s: called %q", p.name, got)
		}
		p.leave()
	}
}

// refusals leave nobody signed in: no, an answer that is wrong, a service that is
// away, and a window that is closed over there.
func (p *tab) refusals() {
	p.t.Helper()
	p.continues()
	p.Submit("cancel")
	p.at("/login")
	p.continues()
	p.there("grace", "wrong_audience")
	p.at("/federation/test/callback")
	if got := p.Text("error-code"); got != "federation_answer_refused" {
		p.t.Errorf("%s: %s", p.name, got)
	}
	p.continues()
	p.there("grace", "down")
	if got := p.Text("error-code"); got != "federation_unavailable" {
		p.t.Errorf("%s: %s", p.name, got)
	}
	p.examine("/federation/test/callback")
	p.Submit("other-ways")
	p.at("/login")
	p.continues() // and there the window is closed
	p.Goto(p.base + "/account")
	p.at("/login")
}

// existing links the service from the account, and unlinks it.
func (p *tab) existing(email string, mail *visitor) {
	p.t.Helper()
	mail.signUp(email, "Vera Rubin", ownPassword)
	p.goTo("/login")
	p.send("submit", "identifier", email, "password", ownPassword)
	p.at("/account")
	p.goTo("/account/connections")
	p.Submit("link-test")
	eventually(p.t, "the provider", func() bool { return strings.HasPrefix(p.path(), "/dev/idp/") })
	p.there("noor", "")
	p.at("/federation/test/callback")
	p.send("submit", "password", ownPassword)
	p.at("/account/connections")
	p.leave()
	p.continues()
	p.there("noor", "")
	p.at("/account")
	p.goTo("/account/connections")
	p.press("/account/connections/remove", "")
	p.at("/account/connections/remove")
	p.send("submit", "password", ownPassword)
	p.at("/account/connections")
	p.leave()

	// Ada's address is an account's: she is asked for it, and nobody else is in.
	p.continues()
	p.there("ada", "")
	p.at("/login/link")
	p.Submit("continue")
	p.at("/login")
	p.send("submit", "password", "correct horse battery staple")
	p.at("/account/connections/link")
	p.Submit("cancel")
	p.at("/account/connections")
	p.leave()
}
