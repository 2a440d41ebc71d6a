package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
	"github.com/mortise-auth/mortise/mortisetest"
)

// TestLosingTheOnlyPasskeyInABrowser is a person who signs up with a passkey alone in
// Chromium, loses it, comes back by policy with another one, and finds every step in
// their security log, on a clock that moves. TH-42 TH-43 PW-36 PW-72
func TestLosingTheOnlyPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	b := browser.Launch(t, testenv.Chromium(t))
	for _, j := range []rescued{
		{name: "keyless", email: "vera@example.test", log: []string{
			"Account created", "Passkey added", "Signed in", "Password reset requested", "Recovery without the second step started", "Every address told",
			"Waiting time of the recovery over", "Recovery completed: lost factors removed, a new one set up", "Sessions and apps ended by the recovery",
		}},
		{name: "keyless-de", email: "otto@example.test", options: browser.Options{Language: "de"}, log: []string{
			"Konto angelegt", "Passkey hinzugefügt", "Angemeldet", "Wiederherstellung ohne zweiten Schritt begonnen", "Jede Adresse über die Wiederherstellung benachrichtigt",
			"Wartezeit der Wiederherstellung um", "Wiederherstellung abgeschlossen: Verlorenes entfernt, neuer Faktor eingerichtet",
			"Sitzungen und Apps durch die Wiederherstellung beendet",
		}},
	} {
		t.Run(j.name, func(t *testing.T) {
			t.Parallel()
			j.t, j.srv = t, mortisetest.NewServer(t, mortisetest.Listen())
			j.inbox, j.tab = j.srv.Inbox(t), open(t, b, j.name, j.srv.URL(""), j.options)
			j.keyless()
		})
	}
}

func (j rescued) keyless() {
	j.t.Helper()
	lost := addAuthenticator(j.tab.Page, "internal", true, true)
	j.tab.Goto(j.tab.base + "/auth/signup")
	j.tab.Fill("display-name", "Vera Rubin")
	j.tab.Fill("email", j.email)
	j.tab.Submit("passkey")
	j.tab.at("/auth/verify")
	j.tab.send("submit", "code", j.letter("/verify").Code)
	j.tab.at("/auth/verify")
	j.tab.Submit("passkey")
	j.tab.at("/auth/verify")
	j.byAutofill()
	j.tab.ClearCookies()
	lost.remove()
	j.srv.Clock.Advance(time.Hour)

	j.tab.goTo("/auth/login")
	j.tab.goTo("/auth/recover")
	j.tab.send("submit", "identifier", j.email)
	j.tab.at("/auth/recover/code")
	j.tab.send("submit", "code", j.letter("/recover/password").Code)
	j.tab.at("/auth/recover/password")
	if j.tab.Has("new-password") {
		j.t.Error("a mailbox makes a password where passkeys were")
	}
	j.tab.Submit("lost")
	j.tab.at("/auth/recover/lost")
	j.srv.Clock.Advance(71 * time.Hour)
	j.letter("/recover/veto")
	j.srv.Clock.Advance(2 * time.Hour)

	found := addAuthenticator(j.tab.Page, "internal", true, true)
	j.tab.Goto(j.letter("/recover/finish").Link())
	j.tab.at("/auth/recover/finish")
	j.tab.Submit("passkey")
	j.tab.at("/auth/recover/finish")
	if n := found.credentials(); n != 1 {
		j.t.Fatalf("the new authenticator has %d passkeys", n)
	}
	j.byAutofill()
	j.tab.goTo("/auth/account/activity")
	log := j.tab.Text("")
	for _, want := range j.log {
		if !strings.Contains(log, want) {
			j.t.Errorf("the security log does not say %q:\n%s", want, log)
		}
	}
}

// byAutofill signs in with the passkey that the browser suggests: the virtual person
// picks it at once.
func (j rescued) byAutofill() {
	j.t.Helper()
	j.tab.Call("Page.navigate", map[string]any{"url": j.tab.base + "/auth/login"}, nil)
	eventually(j.t, "/auth/account", func() bool { return j.tab.path() == "/auth/account" })
	j.tab.at("/auth/account")
}
