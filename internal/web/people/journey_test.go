package people_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/user"
)

const ada = "ada@example.test"

// SE-10 SE-28 PW-7 PW-31: from a stranger to somebody signed in, by link.
func TestSignUpByLink(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/").want(200, "Create an account")
	b.get("/signup?return_to=/dashboard").want(200, `autocomplete="new-password"`)
	b.post("/signup", "display-name", "Ada", "email", "Ada@Example.test", "new-password", first, "return_to", "/dashboard").leads("/verify")
	link := w.path(w.letterWith("ada@example.test").Link())
	b.get(link).want(200, "Ada@example.test", "Yes, confirm")
	b.post("/verify").leads("/verify")
	b.get("/verify").want(200, "That worked", "/login?return_to=%2Fdashboard")
	if _, signed := b.cookies[sessionCookie]; signed {
		t.Fatal("a link signed somebody in")
	}
	b.get(link).want(410, "error-code")
	b.get("/account").leads("/login?return_to=%2Faccount")
	b.get("/login?return_to=%2Fdashboard").want(200)
	a := b.post("/login", "identifier", ada, "password", first, "return_to", "/dashboard").leads("/dashboard")
	for _, c := range a.Cookies() {
		if c.Name == sessionCookie && (!c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite == 0) {
			t.Fatalf("cookie %+v", c)
		}
	}
	b.get("/account").want(200, "Ada")
	b.get("/login?return_to=/x").leads("/x")
}

// SE-3 SE-26: a new password ends other sessions and gives this one a new secret.
func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	here := w.signed(ada)
	there := w.browser()
	there.signIn(ada, first).leads("/account")
	old := here.cookies[sessionCookie]

	here.get("/account/password").want(200)
	here.post("/account/password", "password", "wrong", "new-password", second, "sign-out-others", "yes").want(403, "confirmation_wrong", `id="password-error"`)
	here.post("/account/password", "password", first, "new-password", "short", "sign-out-others", "yes").want(422, `id="new-password-error"`)
	a := here.post("/account/password", "password", first, "new-password", second, "sign-out-others", "yes").leads("/account/password")
	if strings.Contains(a.body, second) {
		t.Fatal("a secret came back")
	}
	here.get("/account/password").want(200, "Your password is changed.")
	there.get("/account").leads("/login?return_to=%2Faccount")
	if here.cookies[sessionCookie] == old {
		t.Fatal("the secret is the old one")
	}
	thief := w.browser()
	thief.cookies[sessionCookie] = old
	thief.get("/account").leads("/login?return_to=%2Faccount")
	w.browser().signIn(ada, first).want(401)
	w.browser().signIn(ada, second).leads("/account")
}

// SE-3: the session goes on under a new secret also when others may stay.
func TestChangePasswordKeepingOthers(t *testing.T) {
	w := newWorld(t)
	here, there := w.signed(ada), w.browser()
	there.signIn(ada, first).leads("/account")
	old := here.cookies[sessionCookie]
	here.get("/account/password")
	here.post("/account/password", "password", first, "new-password", second).leads("/account/password")
	there.get("/account").want(200)
	if here.cookies[sessionCookie] == old {
		t.Fatal("the secret is the old one")
	}
	here.get("/account").want(200)
}

// PW-33 SE-26: recovery by link ends every session and signs nobody in.
func TestRecoverByLink(t *testing.T) {
	w := newWorld(t)
	here := w.signed(ada)
	b := w.browser()
	b.get("/recover").want(200)
	b.post("/recover", "identifier", ada).leads("/recover/code")
	b.get("/recover/code").want(200, ada)
	link := w.path(w.letterWith(ada).Link())
	other := w.browser() // a link works on another device
	other.get(link).want(200, `name="token"`, "This device will be signed out")
	other.post("/recover/password", "new-password", "short").want(422, `id="new-password-error"`, `name="token"`)
	other.post("/recover/password", "new-password", second).leads("/recover")
	other.get("/recover").want(200, "Your new password is saved")
	if _, ok := other.cookies[sessionCookie]; ok {
		t.Fatal("recovery signed somebody in")
	}
	here.get("/account").leads("/login?return_to=%2Faccount")
	other.get(link).want(410)
	w.browser().signIn(ada, second).leads("/account")
}

// TH-1: a link that the password outran shows nobody's devices; a password that
// must go says so on the overview.
func TestRecoverLinkOutrun(t *testing.T) {
	w := newWorld(t)
	here := w.signed(ada)
	b := w.browser()
	b.get("/recover").want(200)
	b.post("/recover", "identifier", ada).leads("/recover/code")
	link := w.path(w.letterWith(ada).Link())
	here.get("/account").want(200, "Password")
	if body := here.get("/account").body; strings.Contains(body, "known to attackers") {
		t.Fatal("a good password is called known")
	}
	u, _, err := w.store.Users().ByEmail(t.Context(), ada)
	must(t, err)
	c, err := w.store.Passwords().ByUser(t.Context(), u.ID)
	must(t, err)
	c.Version, c.MustChange = c.Version+1, true
	must(t, w.store.Passwords().Set(t.Context(), c, user.Host().Event(user.Updated, w.now(), u.ID)))
	here.get("/account").want(200, "known to attackers")
	if body := w.browser().get(link).body; strings.Contains(body, "This device will be signed out") {
		t.Error("a dead link tells of the account's devices")
	}
}

// PW-31: by code; what it is traded for never stands in an address.
func TestRecoverByCode(t *testing.T) {
	w := newWorld(t)
	w.signed(ada)
	b := w.browser()
	b.get("/recover")
	b.post("/recover", "identifier", ada).leads("/recover/code")
	b.get("/recover/code")
	b.post("/recover/code", "code", "00000000").want(422, "wrong_code", `id="code-error"`)
	code := w.letterWith(ada).Code
	b.post("/recover/code", "code", code[:4]+" "+code[4:]).leads("/recover/password")
	b.get("/recover/password").want(200, `name="token"`)
	b.post("/recover/password", "new-password", second).leads("/recover")
	w.browser().signIn(ada, second).leads("/account")
}

// TH-36 PW-35 TH-43: addresses are added, made primary and undone, each with a
// proof for the act.
func TestAddresses(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	const next = "ada@lovelace.example"
	b.get("/account/addresses").want(200, ada)
	b.post("/account/addresses", "email", "nonsense").want(422, `id="email-error"`, "nonsense")
	b.post("/account/addresses", "email", next).want(200, `action="/account/confirm"`)
	b.post("/account/confirm", "password", "wrong password").want(403, "confirmation_wrong", `name="flow"`)
	b.post("/account/confirm", "password", first).leads("/account/addresses/verify")
	b.get("/account/addresses/verify").want(200, next)
	old := w.letterWith(next)
	b.post("/account/addresses/resend", "identifier", next).leads("/account/addresses/verify")
	fresh := w.letterWith(next)
	for fresh.Code == old.Code { // until the second letter is there
		fresh = w.letterWith(next)
	}
	b.get("/account/addresses/verify")
	b.post("/account/addresses/verify", "code", old.Code).want(422)
	b.post("/account/addresses/verify", "code", fresh.Code).leads("/account/addresses")
	b.get("/account/addresses").want(200, next+" is confirmed.")
	b.post("/account/addresses/primary", "id", next).want(200, next)
	b.post("/account/confirm", "password", first).leads("/account/addresses")
	b.get("/account/addresses").want(200, next+" is now your primary address.")

	undo := ""
	for undo == "" {
		for _, l := range w.letter(ada).Links {
			if strings.Contains(l, "/account/undo?") {
				undo = w.path(l)
			}
		}
	}
	stranger := w.browser()
	stranger.get(undo).want(200, ada)
	b.get("/account").want(200) // looking undid nothing
	stranger.post("/account/undo").leads("/account/undo")
	stranger.get("/account/undo").want(200, ada)
	stranger.get(undo).want(410)
	b.get("/account").leads("/login?return_to=%2Faccount")
	if _, ok := stranger.cookies[sessionCookie]; ok {
		t.Fatal("undoing signed somebody in")
	}
}

// TH-41: an address added on one device is confirmed by the link on another, by
// the account that asked for it and nobody else.
func TestAddressByLinkAndRemoval(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	const next = "ada@lovelace.example"
	b.get("/account/addresses")
	b.post("/account/addresses", "email", next)
	b.post("/account/confirm", "password", first).leads("/account/addresses/verify")
	link := w.path(w.letterWith(next).Link())
	eve := w.signed("eve@example.test")
	eve.get(link).want(303) // somebody else's account is asked to sign in as the right one
	phone := w.browser()
	if at := phone.get(link).want(303).Header.Get("Location"); !strings.HasPrefix(at, "/login?return_to=%2Fverify%3Ftoken%3D") {
		t.Fatalf("sent to %q", at)
	}
	phone.signIn(ada, first).leads("/account")
	phone.get(link).want(200, next)
	phone.post("/verify").leads("/verify")
	phone.get("/verify").want(200, next+"</strong> is confirmed.")
	b.get("/account/addresses").want(200, next)
	b.post("/account/addresses/remove", "id", next).want(200)
	b.post("/account/confirm", "password", first).leads("/account/addresses")
	if a := b.get("/account/addresses").want(200, next+" is removed."); strings.Count(a.body, next) != 1 {
		t.Fatal("it is still there")
	}
	b.post("/account/addresses/remove", "id", ada).want(200)
	b.post("/account/confirm", "password", first).want(409, "last_email")
}

// TH-36: deletion asks for a proof, ends everything, and the mailed link keeps
// the account.
func TestDeleteAndKeep(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	b.get("/account/data").want(200)
	b.post("/account/data/delete").want(200, `action="/account/confirm"`)
	b.post("/account/confirm", "password", first).leads("/logout?scope=all")
	b.get("/logout?scope=all").want(200, "6 Dec 2026", "All your devices")
	b.get("/account").leads("/login?return_to=%2Faccount")
	w.browser().signIn(ada, first).want(401)
	link := ""
	for link == "" {
		for _, l := range w.letter(ada).Links {
			if strings.Contains(l, "/account/keep?") {
				link = w.path(l)
			}
		}
	}
	other := w.browser()
	other.get(link).want(200, "6 Dec 2026")
	w.browser().signIn(ada, first).want(401)
	other.post("/account/keep").leads("/account/keep")
	other.get("/account/keep").want(200)
	other.get(link).want(410)
	w.browser().signIn(ada, first).leads("/account")
}

// TH-36: a copy of one's data needs a proof, and comes as a download.
func TestExport(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	b.get("/account/data")
	b.post("/account/data/export", "format", "exe").want(400)
	b.get("/account/data")
	b.post("/account/data/export", "format", "json").want(200, `action="/account/confirm"`)
	a := b.post("/account/confirm", "password", first).want(200)
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="account-2026-11-22.json"` {
		t.Errorf("Content-Disposition %q", got)
	}
	var doc struct {
		Version  int
		User     struct{ Name string }
		Emails   []struct{ Address string }
		Sessions []struct{ IP string }
		Events   []struct{ Name string }
	}
	must(t, json.Unmarshal([]byte(a.body), &doc))
	if doc.Version != 1 || doc.User.Name != "Ada Lovelace" || len(doc.Emails) != 1 || len(doc.Sessions) != 1 || len(doc.Events) == 0 {
		t.Fatalf("%+v", doc)
	}
	if strings.Contains(a.body, "argon2") {
		t.Fatal("a hash is in the copy")
	}
	b.get("/account/data")
	b.post("/account/data/export", "format", "html").want(200)
	b.post("/account/confirm", "password", first).want(200, "<h1>", "Ada Lovelace", "Signed in")
}

// SE-25 SE-29: sessions end one by one, all others, and all.
func TestSessions(t *testing.T) {
	w := newWorld(t)
	here := w.signed(ada)
	var others []*browser
	for range 3 {
		o := w.browser()
		o.signIn(ada, first).leads("/account")
		others = append(others, o)
	}
	live, err := w.account.Sessions(t.Context(), w.callerOf(ada))
	must(t, err)
	if len(live) != 4 {
		t.Fatalf("%d sessions", len(live))
	}
	here.get("/account/sessions").want(200, "Firefox", "Linux", "192.0.2.1")
	here.post("/account/sessions/end", "id", "ses_nonsense").want(404)
	here.get("/account/sessions")
	for _, s := range live {
		if s.ID.String() != w.sessionOf(here) {
			here.post("/account/sessions/end", "id", s.ID.String()).leads("/account/sessions")
			break
		}
	}
	here.get("/account/sessions").want(200, "That device is signed out.")
	here.post("/account/sessions/others").leads("/account/sessions")
	for _, o := range others {
		o.get("/account").leads("/login?return_to=%2Faccount")
	}
	here.get("/account/sessions").want(200, "All other devices are signed out.")
	here.post("/account/sessions/all").want(200, `action="/account/confirm"`)
	here.post("/account/confirm", "password", first).leads("/logout?scope=all")
	here.get("/account").leads("/login?return_to=%2Faccount")
}

// SE-29: logging out asks, is a POST, and may be repeated.
func TestLogout(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	secret := b.cookies[sessionCookie]
	b.get("/logout").want(200, `id="logout-confirm"`)
	b.get("/account").want(200)
	b.get("/logout")
	b.post("/logout").leads("/logout")
	b.post("/logout").leads("/logout")
	b.get("/logout").want(200, "signed out")
	b.cookies[sessionCookie] = secret
	b.get("/account").leads("/login?return_to=%2Faccount")
}

// The security log, and "this was not me".
func TestActivity(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	thief := w.browser()
	thief.signIn(ada, first).leads("/account")
	a := b.get("/account/activity").want(200, "Signed in", "Firefox on Linux")
	_, rest, _ := strings.Cut(a.body, `action="/account/activity/not-me"`)
	_, rest, _ = strings.Cut(rest, `name="id" value="`)
	id, _, _ := strings.Cut(rest, `"`)
	b.post("/account/activity/not-me", "id", "evt_nonsense").want(404)
	b.get("/account/activity")
	b.post("/account/activity/not-me", "id", id).want(200, "Secure your account")
	thief.get("/account").want(200)
	b.post("/account/activity/secure", "id", id).leads("/recover/code")
	thief.get("/account").leads("/login?return_to=%2Faccount")
	b.get("/recover/code").want(200, "Every device is signed out.")
	b.post("/recover/code", "code", w.letterWith(ada).Code).leads("/recover/password")
	b.get("/recover/password").want(200)
	b.post("/recover/password", "new-password", second).leads("/recover")
	b.signIn(ada, second).leads("/account")
	b.get("/account/activity").want(200, "Reported by you")
	b.get("/account/activity?before=nonsense").want(400)
}

// Many events come in pages.
func TestActivityPages(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	for range 40 {
		w.pass(time.Second)
		b.get("/account/profile")
		b.post("/account/profile", "display-name", "Ada").leads("/account/profile")
		b.get("/account/profile")
		b.post("/account/sessions/others").leads("/account/sessions")
	}
	a := b.get("/account/activity").want(200, `rel="next"`)
	_, rest, _ := strings.Cut(a.body, `rel="next" href="`)
	next, _, _ := strings.Cut(rest, `"`)
	b.get(next).want(200, "Account created")
}

// The profile, and what is wrong about it beside its field.
func TestProfile(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	b.get("/account/profile").want(200, "Europe/Berlin")
	b.post("/account/profile", "display-name", "a\x01b", "language", "de").want(422, `id="display-name-error"`)
	b.post("/account/profile", "display-name", "Countess", "language", "de", "time-zone", "Europe/Berlin").leads("/account/profile")
	b.get("/account/profile").want(200, "Countess", `lang="de"`, "gespeichert")
	b.post("/preferences", "language", "en", "return_to", "/account/profile").leads("/account/profile")
	b.get("/account/profile").want(200, `<html lang="en"`)
}

// SE-4 TH-33: a much-guessed account asks a stranger's browser for a mailed code
// and the password in one request.
func TestLoginCode(t *testing.T) {
	w := newWorld(t)
	w.signed(ada)
	b := w.guessUntilCode(ada, "198.51.100.7:99")
	letter := w.letterWith(ada)
	b.get("/login/verify").want(200, `id="code"`, `id="password"`, `autocomplete="one-time-code"`)
	b.post("/login/verify", "code", "00000000", "password", first).want(422, "wrong_code")
	b.post("/login/resend").leads("/login/verify")
	b.get("/login/verify").want(200, "a new message is on its way")
	newer := w.letterWith(ada)
	b.post("/login/verify", "code", letter.Code, "password", first).want(422)
	b.post("/login/verify", "code", newer.Code, "password", first).leads("/account")
	if _, ok := b.cookies["__Host-mortise-flow"]; ok {
		t.Error("the flow cookie outlived the sign-in")
	}
	b.get("/account").want(200)
}

// TH-35: the first run, from the code to an administrator who then signs in.
func TestSetup(t *testing.T) {
	w := worldOf(t, set{fresh: true})
	b := w.browser()
	b.get("/").leads("/setup")
	b.get("/signup").want(403, "signup_closed")
	b.get("/setup").want(200, `id="code"`)
	b.post("/setup", "code", "ABCD-EFGH").want(410, "setup_closed")
	code, _, err := w.setup.Open(t.Context(), hostCaller())
	must(t, err)
	b.get("/setup")
	b.post("/setup", "code", "ABCD-EFGH").want(422, "setup_code_wrong")
	b.post("/setup", "code", strings.ToLower(code.Reveal())).leads("/setup")
	b.get("/setup").want(200, `id="new-password"`)
	other := w.browser()
	other.get("/setup").want(200, `id="code"`)
	other.post("/setup/administrator", "display-name", "Eve", "email", "eve@example.test", "new-password", first).want(410)
	b.post("/setup/administrator", "display-name", "Ada", "email", "nonsense", "new-password", first).want(422, `id="email-error"`, "Ada")
	b.post("/setup/administrator", "display-name", "Ada", "email", ada, "new-password", "short").want(422, `id="new-password-error"`)
	b.post("/setup/administrator", "display-name", "Ada", "email", ada, "new-password", first).leads("/setup")
	b.get("/setup").want(200, ada)
	if _, ok := b.cookies[sessionCookie]; ok {
		t.Fatal("setup signed somebody in")
	}
	w.browser().get("/setup").want(404, "setup_done")
	b.signIn(ada, first).leads("/account")
}

// Everything also works below a path of somebody else's origin.
func TestBelowAPath(t *testing.T) {
	w := worldOf(t, set{base: "/auth"})
	b := w.browser()
	b.get("/auth/account").leads("/auth/login?return_to=%2Fauth%2Faccount")
	b.get("/auth/signup").want(200, `action="/auth/signup"`)
	b.post("/auth/signup", "display-name", "Ada", "email", ada, "new-password", first).leads("/auth/verify")
	b.get("/auth/verify")
	b.post("/auth/verify", "code", w.letterWith(ada).Code).leads("/auth/verify")
	b.get("/auth/login?return_to=/dashboard")
	b.post("/auth/login", "identifier", ada, "password", first, "return_to", "/dashboard").leads("/dashboard")
	b.get("/auth/account").want(200)
	b.post("/auth/preferences", "theme", "dark", "return_to", "/account").leads("/auth/account")
	b.get("/auth/logout").want(200)
	a := b.post("/auth/logout").leads("/auth/logout")
	if a.Header.Get("Clear-Site-Data") != "" {
		t.Error("the host's own data was cleared")
	}
}

// TH-35: the page that asks for the administrator's passkey keeps what was typed,
// changes nothing, and takes a password where no scripts run.
func TestSetupAsksForAPasskey(t *testing.T) {
	w := worldOf(t, set{fresh: true, keyed: true})
	b := w.browser()
	code, _, err := w.setup.Open(t.Context(), hostCaller())
	must(t, err)
	b.get("/setup")
	b.post("/setup", "code", code.Reveal()).leads("/setup")
	b.get("/setup").want(200, `id="passkey"`, `id="new-password"`)
	wish := []string{"display-name", "Ada", "email", ada, "with", "passkey"}
	other := w.browser()
	other.get("/setup")
	other.post("/setup/administrator", wish...).want(410)
	b.post("/setup/administrator", "display-name", "Ada", "email", "nonsense", "with", "passkey").want(422, `id="email-error"`, "Ada")
	b.post("/setup/administrator", wish...).want(200, "data-create", `name="email" value="`+ada, `id="new-password"`)
	b.get("/setup").want(200, `id="display-name"`)
	wish[5] = "key"
	b.post("/setup/administrator", append(wish, "passkey", "{}")...).want(422, "data-create", "error-code")
	b.post("/setup/administrator", append(wish, "new-password", "short")...).want(422, "data-create", `id="new-password-error"`)
	b.post("/setup/administrator", wish...).want(422, "data-create", `id="new-password-error"`)
	b.post("/setup/administrator", append(wish, "new-password", first)...).leads("/setup")
	b.get("/setup").want(200, ada)
	b.signIn(ada, first).leads("/account")
}
