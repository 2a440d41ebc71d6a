package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/internal/totp"
)

// TestSecondStepInABrowser is the life of a second step in Chromium, on a phone and on
// a desk, light and dark, with and without scripts: set up, use, the other way, take
// away; and the host's commands. PW-40 PW-42 PW-45 PW-46
func TestSecondStepInABrowser(t *testing.T) {
	t.Parallel()
	p := dev(t, "--data", folder(t)+"/data")
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []journey{
		{name: "second-script", email: "vera@example.test"},
		{name: "second-plain", email: "otto@example.test", options: browser.Options{NoScript: true, Language: "de"}},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t, j.mail = t, visit(t, p.url(), nil)
			j.tab = open(t, b, j.name, p.url(), j.options)
			j.second(p)
		})
	}
}

func (j journey) second(p *process) {
	j.t.Helper()
	j.mail.signUp(j.email, "Vera Rubin", ownPassword)
	j.enter()
	j.tab.at("/account")
	j.tab.goTo("/account/security")
	j.tab.send("submit", "device-name", "Phone")
	j.tab.at("/account/security/add")
	j.tab.send("submit", "password", ownPassword)
	j.tab.at("/account/confirm")
	key, err := totp.Decode(secret.NewText(j.tab.Text("secret")))
	must(j.t, err)
	j.tab.send("submit", "code", "000000")
	j.tab.at("/account/security/confirm")
	enrolled := time.Now()
	j.tab.send("submit", "code", totp.CodeAt(key, enrolled))
	j.tab.at("/account/security/confirm")
	codes := regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}`).FindAllString(j.tab.Text("recovery-codes"), -1)
	if len(codes) != 10 {
		j.t.Fatalf("recovery codes: %q", j.tab.Text("recovery-codes"))
	}
	j.tab.goTo("/account/security")
	j.tab.examine("/account/security") // with an app it looks different
	j.mail.mail(j.email, "")

	j.tab.ClearCookies()
	j.enter()
	j.tab.at("/login/second")
	j.tab.send("submit", "code", "000000")
	j.tab.at("/login/second")
	if !j.tab.Has("error-code") {
		j.t.Error("a wrong code is not told")
	}
	j.tab.send("submit", "code", totp.CodeAt(key, enrolled.Add(totp.Period))) // one step ahead is right
	j.tab.at("/account")

	j.tab.ClearCookies()
	j.enter()
	j.tab.Submit("way-recovery")
	j.tab.at("/login/second")
	j.tab.examine("/login/second")
	j.tab.send("submit", "recovery-code", strings.ToLower(codes[4]))
	j.tab.at("/account")
	j.tab.goTo("/account/security")
	j.tab.press("/account/security/remove", "")
	j.tab.at("/account/security/remove")
	j.tab.send("submit", "password", ownPassword, "code", "000000")
	j.tab.at("/account/confirm")
	if !j.tab.Has("error-code") {
		j.t.Error("an app is removed without its code")
	}

	code, out, errs := p.command("users", "factors", "list", j.email, "--json", "--data", p.ready.Data)
	id := regexp.MustCompile(`otp_[0-9a-z]+`).FindString(out)
	if code != 0 || id == "" || !strings.Contains(out, "Phone") {
		j.t.Fatalf("users factors list: %d %s %s", code, out, errs)
	}
	if code, out, errs := p.command("users", "factors", "remove", j.email, id, "--data", p.ready.Data); code != 0 {
		j.t.Fatalf("users factors remove: %d %s %s", code, out, errs)
	}
	j.tab.ClearCookies()
	j.enter()
	j.tab.at("/account") // one step again
}

// enter takes the first step.
func (j journey) enter() {
	j.t.Helper()
	j.tab.Goto(j.tab.base + "/login")
	j.tab.send("submit", "identifier", j.email, "password", ownPassword)
}
