package people_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/web"
)

const (
	furtherCookie = "__Host-mortise-further"
	ben           = "ben@example.test"
)

// beside signs a browser in to a new account, beside the one it has.
func (b *browser) beside(email string) {
	b.w.t.Helper()
	b.w.browser().signUp(email)
	b.get("/login?beside=1&return_to=/x").want(200, `name="beside"`)
	b.post("/login", "identifier", email, "password", first, "beside", "1", "return_to", "/x").leads("/x")
}

// SE-3 SE-10: the former account stays, switching gives both new secrets, and the
// old ones are dead.
func TestSeveralAccounts(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	adas := b.cookies[sessionCookie]
	id := w.seatOf(ada)
	b.beside(ben)
	b.get("/account/addresses").want(200, ben)
	if w.seatOf(ada) != id {
		t.Fatal("the former session ended")
	}
	old := []string{adas, b.cookies[sessionCookie], b.cookies[furtherCookie]}
	b.get("/choose?return_to=/x").want(200, ada, ben, "In use")
	b.post("/choose", "account", id, "return_to", "/x").leads("/x")
	b.get("/account/addresses").want(200, ada)
	for _, secret := range old {
		thief := w.browser()
		thief.cookies[sessionCookie] = secret
		thief.get("/account").leads("/login?return_to=%2Faccount")
		thief = w.browser()
		thief.cookies[furtherCookie] = secret
		thief.get("/choose").leads("/login")
	}
	b.get("/login?beside=1").want(200, "2 accounts are signed in")

	// Signing in again to an account that is here replaces its session.
	b.post("/login", "identifier", ben, "password", first, "beside", "1").leads("/account")
	if n := len(w.liveOf(ben)); n != 1 {
		t.Fatalf("%d sessions of one account in one browser", n)
	}
	b.get("/choose").want(200, ada, ben)
}

// Signing out says who stays, and leaves nothing to a stranger.
func TestSignOutOfOne(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	b.beside(ben)
	b.get("/logout").want(200, "Also signed in here:", ada, `id="logout-browser"`)
	b.post("/logout").leads("/logout")
	b.get("/logout").want(200, "Other accounts are still signed in")
	b.get("/login").want(200, "1 account is signed in")
	got := b.get("/choose").want(200, ada)
	if strings.Contains(got.body, ben) {
		t.Error("who signed out is shown")
	}
	b.post("/choose/end", "account", "ses_nonsense").want(409, "account_not_here")
	b.post("/choose/end", "account", w.seatOf(ada)).leads("/choose")
	b.get("/choose").leads("/login")
	if got := b.get("/login"); strings.Contains(got.body, ada) {
		t.Error("a stranger is told who was here")
	}
	if len(w.liveOf(ada))+len(w.liveOf(ben)) != 0 {
		t.Error("a session lives on")
	}

	b = w.browser()
	b.signIn(ada, first)
	b.get("/login?beside=1")
	b.post("/login", "identifier", ben, "password", first, "beside", "1").leads("/account")
	b.get("/logout")
	b.post("/logout", "scope", "browser").leads("/logout")
	b.get("/choose").leads("/login")
	if len(w.liveOf(ada))+len(w.liveOf(ben)) != 0 {
		t.Error("a session lives on")
	}
}

// The number of accounts is bounded; the one least recently used gives way.
func TestAccountsAreBounded(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	for i := range web.MaxFurther + 1 {
		b.beside(fmt.Sprintf("person%d@example.test", i))
	}
	if n := len(w.liveOf(ada)); n != 0 {
		t.Errorf("%d sessions of who gave way", n)
	}
	b.get("/choose").want(200, "person0@example.test", "No further account fits")
	if n := len(b.cookies[furtherCookie]); n > 4096-len(furtherCookie) {
		t.Errorf("a cookie of %d bytes", n)
	}
	for _, bad := range []string{"x", b.cookies[furtherCookie] + "x", strings.Repeat(b.cookies[furtherCookie], 2)} {
		c := w.browser()
		c.cookies[furtherCookie] = bad
		c.get("/choose").leads("/login")
	}
	// A form of another browser chooses nothing.
	other := w.browser()
	other.get("/login")
	other.post("/choose", "account", w.seatOf("person0@example.test")).leads("/login")
}

// OA-94 SE-3: the same session, proven now, under another secret.
func TestReauthenticate(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	id, old := w.seatOf(ada), b.cookies[sessionCookie]
	w.pass(time.Hour)
	b.get("/login?again=1&return_to=/x&ui_locales=de").want(200, "Sind Sie es noch?", ada, `value="/x"`, "Nicht Sie?", "ui_locales=de")
	b.post("/login/again?ui_locales=de", "password", "wrong", "return_to", "/x").want(403, "confirmation_wrong", `id="password-error"`, "Sind Sie es noch?")
	b.post("/login/again", "password", "", "return_to", "/x").want(403)
	if at := w.liveOf(ada)[0].AuthenticatedAt; !at.Before(w.now()) {
		t.Fatal("nothing was proven")
	}
	b.post("/login/again", "password", first, "return_to", "/x").leads("/x")
	live := w.liveOf(ada)
	if len(live) != 1 || live[0].ID.String() != id || !live[0].AuthenticatedAt.Equal(w.now()) {
		t.Fatalf("sessions %+v, want %s proven at %s", live, id, w.now())
	}
	thief := w.browser()
	thief.cookies[sessionCookie] = old
	thief.get("/account").leads("/login?return_to=%2Faccount")
	b.get("/account/activity").want(200, "Signed in again")

	// Without a session it is an ordinary sign-in.
	delete(b.cookies, sessionCookie)
	b.get("/login?again=1&return_to=/x").want(200, `id="identifier"`)
	b.post("/login/again", "password", first, "return_to", "/x").leads("/login?return_to=%2Fx")
}

// OA-96: the language the app asks for, from page to page, unless the person chose.
func TestLanguageOfTheJourney(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login?ui_locales=fr-CA+de").want(200, "Anmelden", "/signup?ui_locales=de", `action="/login?ui_locales=de"`)
	b.post("/login?ui_locales=de", "identifier", ada, "password", "wrong").want(401, "Anmelden")
	b.get("/login?ui_locales=tlh").want(200, "Sign in")
	b.post("/preferences", "language", "en").leads("/")
	b.get("/login?ui_locales=de").want(200, "Sign in")
}

// TH-33: proving again is no place to guess a password.
func TestReauthenticateIsLimited(t *testing.T) {
	w := worldOf(t, set{tight: true})
	b := w.signed(ada)
	b.get("/login?again=1")
	for range 50 {
		if got := b.post("/login/again", "password", "wrong"); got.StatusCode == 429 {
			b.post("/login/again", "password", first).want(429)
			return
		}
	}
	t.Fatal("any number of guesses")
}

// Whoever has to sign up or to recover comes back to what they were doing.
func TestReturnToThroughDetours(t *testing.T) {
	const flow, escaped = "/oauth2/authorize?flow=h", "return_to=%2Foauth2%2Fauthorize%3Fflow%3Dh"
	w := newWorld(t)
	b := w.browser()
	b.get("/login?login_hint=ada%40example.test&"+escaped).want(200, `value="`+ada+`"`, "/signup?"+escaped, "/recover?"+escaped)
	b.get("/signup?"+escaped).want(200, "/login?"+escaped)
	b.post("/signup", "display-name", "Ada", "email", ada, "new-password", first, "return_to", flow).leads("/verify")
	b.get("/verify")
	b.post("/verify", "code", w.letterWith(ada).Code).leads("/verify")
	b.get("/verify").want(200, "/login?"+escaped)

	b.get("/recover?"+escaped).want(200, `value="`+flow+`"`)
	b.post("/recover", "identifier", ada, "return_to", flow).leads("/recover/code")
	b.get("/recover/code")
	b.post("/recover/code", "code", w.letterWith(ada).Code).leads("/recover/password")
	b.get("/recover/password")
	b.post("/recover/password", "new-password", second).leads("/recover")
	b.get("/recover").want(200, "/login?"+escaped)

	// By the link of the message, in the browser that asked; and in another.
	b.get("/recover?" + escaped)
	b.post("/recover", "identifier", ada, "return_to", flow)
	link := w.path(w.letterWith(ada).Link())
	b.get(link)
	b.post("/recover/password", "new-password", first).leads("/recover")
	b.get("/recover").want(200, "/login?"+escaped)
}
