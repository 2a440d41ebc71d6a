package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/internal/totp"
)

// TestPolicyInABrowser is a sign-in that has to end in a second step, in Chromium: by an
// app with and without scripts, in both languages, and by a passkey; then the browser is
// remembered, seen by the host, and forgotten. PW-44 PW-47
func TestPolicyInABrowser(t *testing.T) {
	t.Parallel()
	file := filepath.Join(folder(t), "policy.yaml")
	must(t, os.WriteFile(file, []byte(`sign_in_policy: {assurance: 2, remember_days: 30}
users:
  - {email: vera@example.test, name: Vera Rubin, password: correct horse battery staple, email_verified: true}
  - {email: otto@example.test, name: Otto Hahn, password: correct horse battery staple, email_verified: true}
  - {email: lise@example.test, name: Lise Meitner, password: correct horse battery staple, email_verified: true}
`), 0o600))
	p := dev(t, "--apply", file, "--data", folder(t)+"/data")
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []journey{
		{name: "policy-script", email: "vera@example.test"},
		{name: "policy-plain", email: "otto@example.test", options: browser.Options{NoScript: true, Language: "de"}},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t = t
			j.tab = open(t, b, j.name, p.url(), j.options)
			j.enrolInSignIn(p)
		})
	}
	t.Run("policy-passkey", func(t *testing.T) {
		t.Parallel()
		j := journey{t: t, email: "lise@example.test", tab: open(t, b, "policy-passkey", p.url(), browser.Options{})}
		key := addAuthenticator(j.tab.Page, "internal", true, true)
		before := key.credentials()
		j.tab.Goto(j.tab.base + "/login")
		j.tab.send("submit", "identifier", j.email, "password", "correct horse battery staple")
		j.tab.at("/login/enrol")
		j.tab.Submit("enrol-passkey")
		j.tab.at("/login/enrol/passkey")
		j.tab.Submit("submit")
		j.tab.at("/account")
		if n := key.credentials(); n != before+1 {
			t.Errorf("the authenticator has %d", n)
		}
	})
}

func (j journey) enrolInSignIn(p *process) {
	j.t.Helper()
	const ownPassword = "correct horse battery staple"
	enter := func() {
		j.t.Helper()
		j.tab.Goto(j.tab.base + "/login")
		j.tab.send("submit", "identifier", j.email, "password", ownPassword)
	}
	enter()
	j.tab.at("/login/enrol")
	j.tab.examine("/login/enrol")
	j.tab.Submit("enrol-app")
	j.tab.at("/login/enrol/app")
	key, err := totp.Decode(secret.NewText(j.tab.Text("secret")))
	must(j.t, err)
	j.tab.send("submit", "code", "000000")
	j.tab.at("/login/enrol")
	if !j.tab.Has("error-code") {
		j.t.Error("a wrong code is not told")
	}
	enrolled := time.Now()
	j.tab.Click("remember-device")
	j.tab.send("submit", "code", totp.CodeAt(key, enrolled))
	if !j.tab.Has("recovery-codes") {
		j.t.Fatalf("no recovery codes at %s", j.tab.URL())
	}
	j.tab.Submit("done")
	j.tab.at("/account")

	leave := func() {
		j.t.Helper()
		j.tab.Goto(j.tab.base + "/logout")
		j.tab.Submit("logout-confirm")
	}
	leave()
	enter()
	j.tab.at("/account") // remembered
	j.tab.goTo("/account/security")
	j.tab.examine("/account/security")
	code, out, errs := p.command("users", "devices", "list", j.email, "--json", "--data", p.ready.Data)
	if code != 0 || !strings.Contains(out, "tru_") {
		j.t.Fatalf("users devices list: %d %s %s", code, out, errs)
	}
	j.tab.Submit("forget-all")
	j.tab.at("/account/security")
	if j.tab.Has("remembered-devices") {
		j.t.Error("remembered still")
	}
	leave()
	enter()
	j.tab.at("/login/second")
	j.tab.send("submit", "code", totp.CodeAt(key, enrolled.Add(totp.Period)))
	j.tab.at("/account")
}
