package e2e

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// TestSetupByPasskeyInABrowser is the first run of two servers in Chromium: one whose
// administrator has a passkey and nothing else, one where no scripts run. TH-35 PW-52
// PW-72
func TestSetupByPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	b := browser.Launch(t, testenv.Chromium(t))
	t.Run("passkey", func(t *testing.T) { t.Parallel(); setUpByPasskey(t, b) })
	t.Run("plain", func(t *testing.T) { t.Parallel(); setUpPlain(t, b) })
}

func setUpByPasskey(t *testing.T, b *browser.Browser) {
	s := real(t)
	s.start()
	p := open(t, b, "setup-passkey", s.url(), browser.Options{})
	ask := func() {
		t.Helper()
		p.goTo("/setup")
		p.send("passkey", "display-name", "Ada Lovelace", "email", admin)
		p.at("/setup/administrator")
	}
	p.goTo("/setup")
	p.send("submit", "code", s.ready.SetupCode)
	p.at("/setup")
	p.send("passkey", "display-name", "Ada Lovelace", "email", "nonsense")
	p.at("/setup/administrator")
	if !p.Has("email-error") || p.Value("display-name") != "Ada Lovelace" {
		t.Errorf("a wrong address: %s", p.Text(""))
	}

	// Given up, twice: by whom nobody verified, and by going away.
	nobody := addAuthenticator(p.Page, "internal", true, true)
	nobody.verified(false)
	ask()
	p.Click("passkey")
	eventually(t, "the browser said no", func() bool { return strings.Contains(p.Text(""), "did not work") })
	p.at("/setup/administrator")
	nobody.remove()

	key := addAuthenticator(p.Page, "internal", true, true)
	ask()
	p.Submit("passkey")
	p.at("/setup")
	if n := key.credentials(); n != 1 || !strings.Contains(p.Text(""), "recovery-link "+admin) {
		t.Fatalf("%d passkeys, and it says %s", n, p.Text(""))
	}
	p.Call("Page.navigate", map[string]any{"url": s.url() + "/login"}, nil)
	eventually(t, "/account", func() bool { return p.path() == "/account" })
	p.at("/account")
	p.goTo("/account/passkeys")
	p.goTo("/account/activity")
	if !strings.Contains(p.Text(""), "Passkey added") {
		t.Errorf("the log does not say so: %s", p.Text(""))
	}
	p.Goto(s.url() + "/setup")
	if got := p.Text("error-code"); got != "setup_done" {
		t.Errorf("setup after its end: %q", got)
	}
	s.stopped()
}

func setUpPlain(t *testing.T, b *browser.Browser) {
	s := real(t)
	s.start()
	p := open(t, b, "setup-plain", s.url(), browser.Options{NoScript: true, Language: "de"})
	p.goTo("/setup")
	p.send("submit", "code", s.ready.SetupCode)
	p.at("/setup")
	p.send("submit", "display-name", "Ada Lovelace", "email", admin, "new-password", ownPassword)
	p.at("/setup")
	p.goTo("/login")
	p.send("submit", "identifier", admin, "password", ownPassword)
	p.at("/account")
	s.stopped()
}
