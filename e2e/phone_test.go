package e2e

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// TestPhoneInABrowser is the life of a phone as a second step in Chromium, with and
// without scripts: added, used, taken away; by text message and by a call. PW-44 PW-46 PW-48
func TestPhoneInABrowser(t *testing.T) {
	t.Parallel()
	p := dev(t)
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []struct {
		journey
		number string
	}{
		{journey{name: "phone-script", email: "lise@example.test"}, "+491711234567"},
		{journey{name: "phone-plain", email: "egon@example.test", options: browser.Options{NoScript: true, Language: "de"}}, "+436601234567"},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t, j.mail = t, visit(t, p.url(), nil)
			j.tab = open(t, b, j.name, p.url(), j.options)
			j.phone(j.number)
		})
	}
}

// text is the newest message to a number, once there are n.
func (j journey) text(number string, n int) (code string) {
	j.t.Helper()
	eventually(j.t, "a message to "+number, func() bool {
		have := 0
		for _, l := range j.mail.letters() {
			if l.To == number {
				if have++; have == 1 {
					code = l.Code
				}
			}
		}
		return have == n
	})
	return code
}

func (j journey) phone(number string) {
	j.t.Helper()
	j.mail.signUp(j.email, "Lise Meitner", ownPassword)
	j.enter()
	j.tab.at("/account")
	j.tab.goTo("/account/security")
	j.tab.send("add-phone", "phone-number", "12345678")
	if !j.tab.Has("error-code") {
		j.t.Error("a number without its country is not told")
	}
	j.tab.send("add-phone", "phone-number", number)
	j.tab.at("/account/security/phone/add")
	j.tab.send("submit", "password", ownPassword)
	j.tab.at("/account/confirm")
	j.tab.send("submit", "code", j.text(number, 1))
	j.tab.at("/account/security/phone/confirm")
	if got := strings.Count(j.tab.Text("recovery-codes"), "-"); got < 30 {
		j.t.Errorf("recovery codes: %q", j.tab.Text("recovery-codes"))
	}
	j.tab.goTo("/account/security")
	j.tab.examine("/account/security")

	j.tab.ClearCookies()
	j.enter()
	j.tab.at("/login/second")
	j.tab.Submit("send-code")
	j.tab.at("/login/second")
	j.tab.examine("/login/second")
	j.tab.send("submit", "code", j.text(number, 2))
	j.tab.at("/account")

	j.tab.goTo("/account/security")
	j.tab.press("/account/security/phone/remove", "")
	j.tab.at("/account/security/phone/remove")
	j.tab.Submit("call")
	j.tab.at("/account/confirm/send")
	j.tab.send("submit", "password", ownPassword, "code", j.text(number, 3))
	j.tab.at("/account/security")
	j.tab.ClearCookies()
	j.enter()
	j.tab.at("/account") // one step again
}
