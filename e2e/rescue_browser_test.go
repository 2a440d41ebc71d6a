package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/mortisetest"
)

// TestComingBackInABrowser is a second step lost and replaced, in Chromium: with and
// without scripts, in English and German, on a clock that moves. A person signs up with
// a password, sets up an app, loses it, comes back by policy, and every step is in
// their security log. TH-43 TH-42
func TestComingBackInABrowser(t *testing.T) {
	t.Parallel()
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []rescued{
		{name: "rescue-script", email: "vera@example.test", log: []string{"Recovery without the second step started", "Every address told", "Recovery objected to and delayed", "Waiting time of the recovery over", "Recovery completed", "Authenticator app added"}},
		{name: "rescue-plain", email: "otto@example.test", options: browser.Options{NoScript: true, Language: "de"}, log: []string{"Wiederherstellung ohne zweiten Schritt begonnen", "Wiederherstellung abgeschlossen", "Authenticator-App hinzugefügt"}},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t, j.srv = t, mortisetest.NewServer(t, mortisetest.Listen())
			j.inbox, j.tab = j.srv.Inbox(t), open(t, b, j.name, j.srv.URL(""), j.options)
			j.run()
		})
	}
}

// rescued is one person who loses a second step.
type rescued struct {
	t       *testing.T
	name    string
	email   string
	options browser.Options
	log     []string
	srv     *mortisetest.Server
	inbox   mortisetest.Inbox
	tab     *tab
}

func (j rescued) run() {
	j.t.Helper()
	j.signUp()
	j.enrol("/auth/account/security/confirm", func() {
		j.tab.goTo("/auth/account/security")
		j.tab.send("submit", "device-name", "Phone")
		j.tab.at("/auth/account/security/add")
		j.tab.send("submit", "password", ownPassword)
		j.tab.at("/auth/account/confirm")
	})
	j.tab.ClearCookies()
	j.srv.Clock.Advance(time.Hour)

	j.enter()
	j.tab.at("/auth/login/second")
	j.tab.Goto(j.tab.base + "/auth/recover") // "I have lost all of these"
	j.tab.at("/auth/recover")
	j.tab.send("submit", "identifier", j.email)
	j.tab.at("/auth/recover/code")
	j.tab.send("submit", "code", j.letter("/recover/password").Code)
	j.tab.at("/auth/recover/password")
	j.tab.Submit("lost")
	j.tab.at("/auth/recover/lost")

	j.tab.Goto(j.letter("/recover/veto").Link())
	j.tab.at("/auth/recover/veto")
	j.tab.Submit("submit")
	j.tab.at("/auth/recover/veto") // it is delayed, once
	j.srv.Clock.Advance(24 * time.Hour)
	j.tab.Goto(j.letter("/recover/veto").Link())
	j.tab.at("/auth/recover/veto")
	if j.tab.Has("submit") {
		j.t.Error("it can be delayed again")
	}

	j.srv.Clock.Advance(144 * time.Hour)
	done := j.letter("/recover/finish").Link()
	key := j.enrol("/auth/recover/finish", func() { j.tab.Goto(done); j.tab.at("/auth/recover/finish") })
	j.tab.ClearCookies()
	j.srv.Clock.Advance(time.Minute)
	j.enter()
	j.tab.at("/auth/login/second")
	j.tab.send("submit", "code", totp.CodeAt(key, j.srv.Clock.Now()))
	j.tab.at("/auth/account")
	j.tab.goTo("/auth/account/activity")
	log := j.tab.Text("")
	for _, want := range j.log {
		if !strings.Contains(log, want) {
			j.t.Errorf("the security log does not say %q:\n%s", want, log)
		}
	}
	j.tab.goTo("/auth/account/recovery")
}

// enrol shows a page with an app's secret, types a wrong code and a right one, and
// wants recovery codes on the page after.
func (j rescued) enrol(after string, show func()) []byte {
	j.t.Helper()
	show()
	key, err := totp.Decode(secret.NewText(j.tab.Text("secret")))
	must(j.t, err)
	j.tab.send("submit", "code", "000000")
	j.tab.at(after)
	if !j.tab.Has("error-code") {
		j.t.Error("a wrong code is not told")
	}
	again, err := totp.Decode(secret.NewText(j.tab.Text("secret")))
	if must(j.t, err); string(again) != string(key) {
		j.t.Error("a wrong code brings another secret")
	}
	j.tab.send("submit", "code", totp.CodeAt(key, j.srv.Clock.Now()))
	j.tab.at(after)
	if n := strings.Count(j.tab.Text("recovery-codes"), "-"); n != 30 {
		j.t.Errorf("recovery codes: %q", j.tab.Text("recovery-codes"))
	}
	return key
}

func (j rescued) enter() {
	j.t.Helper()
	j.tab.Goto(j.tab.base + "/auth/login")
	j.tab.send("submit", "identifier", j.email, "password", ownPassword)
}

// letter waits for the next mail with a link to path.
func (j rescued) letter(path string) mortisetest.Mail {
	j.t.Helper()
	for {
		m := j.inbox.Next(j.email)
		if len(m.Links) > 0 && strings.Contains(m.Links[0], path+"?token=") {
			return m
		}
	}
}

func (j rescued) signUp() {
	j.t.Helper()
	j.tab.goTo("/auth/signup")
	j.tab.send("submit", "display-name", "Vera Rubin", "email", j.email, "new-password", ownPassword)
	j.tab.at("/auth/verify")
	j.tab.send("submit", "code", j.letter("/verify").Code)
	j.tab.at("/auth/verify")
	j.enter()
	j.tab.at("/auth/account")
}
