package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// TestSignInByMailInABrowser is signing in by mail in Chromium, with and without
// scripts: by the code, by the link in the browser that asked, and by the code that
// the link shows in another one; scanners in between change nothing. PW-37 PW-31 PW-25
func TestSignInByMailInABrowser(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []journey{
		{name: "mail-script", email: "nina@example.test"},
		{name: "mail-plain", email: "paul@example.test", options: browser.Options{NoScript: true, Language: "de"}},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t, j.mail = t, visit(t, p.url(), nil)
			j.tab = open(t, b, j.name, p.url(), j.options)
			j.byMail(open(t, b, j.name+"-other", p.url(), j.options))
		})
	}
}

// asks leaves the sign-in page by its other way, and returns the mail.
func (j journey) asks() (newest letter) {
	j.t.Helper()
	before := len(j.mail.letters())
	j.tab.Goto(j.tab.base + "/login?return_to=/account/sessions")
	j.tab.at("/login")
	j.tab.send("mail-code", "identifier", j.email)
	j.tab.at("/login/verify")
	eventually(j.t, "a mail that signs in", func() bool {
		all := j.mail.letters()
		for _, l := range all[:len(all)-before] {
			if l.To == j.email && strings.Contains(l.path(j.t), "/magic") {
				newest = l
				return true
			}
		}
		return false
	})
	return newest
}

func (j journey) byMail(other *tab) {
	j.t.Helper()
	j.mail.signUp(j.email, "Nina Simone", ownPassword)
	l := j.asks()
	j.tab.send("submit", "code", "00000000")
	j.tab.at("/login/verify")
	if !j.tab.Has("error-code") {
		j.t.Error("a wrong code is not told")
	}
	j.tab.send("submit", "code", l.Code)
	j.tab.at("/account/sessions")

	j.tab.ClearCookies()
	l = j.asks()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		_, err := j.mail.try(method, l.path(j.t), "", nil)
		must(j.t, err)
	}
	other.opens(l)
	if got := other.Text("shown-code"); got != l.Code || other.Has("submit") {
		j.t.Errorf("elsewhere it shows %q", got)
	}
	j.tab.opens(l)
	if j.tab.Has("shown-code") {
		j.t.Error("the code is shown where the button is")
	}
	j.tab.Submit("submit")
	j.tab.at("/account/sessions")
	other.opens(l)
	if got := other.Text("error-code"); got != "link_expired" {
		j.t.Errorf("a used link says %q", got)
	}

	j.tab.ClearCookies()
	l = j.asks()
	other.opens(l)
	j.tab.send("submit", "code", other.Text("shown-code"))
	j.tab.at("/account/sessions")

	j.tab.ClearCookies()
	j.tab.goTo("/login")
	j.tab.send("mail-code", "identifier", strings.Replace(j.email, "a", "\u0430", 1)) // Cyrillic
	j.tab.at("/login/verify")
	j.tab.send("submit", "code", "00000000")
	j.tab.at("/login/verify")
}

// opens follows the link of a mail.
func (p *tab) opens(l letter) {
	p.t.Helper()
	p.Goto(p.base + l.path(p.t))
	p.at("/magic")
}
