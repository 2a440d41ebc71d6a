package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	ownPassword = "nine purple umbrellas sing"
	newPassword = "seven quiet lanterns drift"
	lastWord    = "eleven brass kettles hum"
)

// signUp makes an account by the pages and confirms it by the mailed code.
func (v *visitor) signUp(email, name, password string) {
	v.t.Helper()
	asked := v.submit(v.get("/signup"), "/signup", "display-name", name, "email", email, "new-password", password).is(200, "/verify")
	v.submit(asked, "/verify", "code", v.mail(email, "").Code).is(200, "/verify")
}

// TestJourneyWithoutABrowser is the whole life of an account with nothing but
// HTTP, forms and a cookie jar, as curl or a browser without scripts would. SE-3 PW-31 PW-33
func TestJourneyWithoutABrowser(t *testing.T) {
	t.Parallel()
	p := dev(t)
	v, other := visit(t, p.url(), nil), visit(t, p.url(), nil)
	const me = "grace@example.test"
	v.signUp(me, "Grace Hopper", ownPassword)
	if got := v.get("/account"); got.url.Path != "/login" {
		t.Fatalf("signing up signed in: %s", got.url)
	}
	v.signIn(me, ownPassword).is(200, "/account")
	other.signIn(me, ownPassword).is(200, "/account")
	for _, path := range []string{"/account/profile", "/account/addresses", "/account/password", "/account/sessions", "/account/activity", "/account/data", "/logout", "/"} {
		v.get(path).is(200, path)
	}

	v.submit(v.get("/account/sessions"), "/account/sessions/end").is(200, "/account/sessions")
	other.get("/account").is(200, "/login")

	before := cookie(v, "mortise")
	page := v.get("/account/password")
	v.submit(page, "/account/password", "password", ownPassword, "new-password", newPassword).is(200, "/account/password")
	if after := cookie(v, "mortise"); after == before || after == "" {
		t.Errorf("the session kept its secret over a change of password")
	}
	other.signIn(me, ownPassword).is(401, "/login")
	other.signIn(me, newPassword).is(200, "/account")

	recoverByCode(t, other, me)
	v.get("/account").is(200, "/login") // recovery ended every session
	v.signIn(me, lastWord).is(200, "/account")
	exportAndKeep(t, v, me, lastWord)
	v.submit(v.get("/logout"), "/logout").is(200, "/logout")
	v.get("/account").is(200, "/login")
	p.stopped()
}

func recoverByCode(t *testing.T, v *visitor, email string) {
	t.Helper()
	asked := v.submit(v.get("/recover"), "/recover", "identifier", email).is(200, "/recover/code")
	code := v.linked(email, "/recover/password").Code
	if code == "" {
		t.Fatalf("no code in %+v", v.letters()[0])
	}
	chosen := v.submit(asked, "/recover/code", "code", code).is(200, "/recover/password")
	v.submit(chosen, "/recover/password", "new-password", lastWord).is(200, "/recover")
}

// exportAndKeep takes the data out, asks for deletion, and thinks better of it.
func exportAndKeep(t *testing.T, v *visitor, email, password string) {
	t.Helper()
	confirm := v.submit(v.get("/account/data"), "/account/data/export", "format", "json")
	out := v.submit(confirm, "/account/confirm", "password", password)
	if out.status != 200 || !strings.Contains(out.header.Get("Content-Type"), "json") || !strings.Contains(string(out.body), email) {
		t.Fatalf("the export is %d %s", out.status, out.header.Get("Content-Type"))
	}
	confirm = v.submit(v.get("/account/data"), "/account/data/delete")
	v.submit(confirm, "/account/confirm", "password", password)
	v.get("/account").is(200, "/login") // a deletion ends every session
	link := v.linked(email, "/account/keep").path(t)
	v.submit(v.get(link), "/account/keep").is(200, "/account/keep")
	v.signIn(email, password).is(200, "/account")
}

func cookie(v *visitor, name string) string {
	u, err := url.Parse(v.base)
	must(v.t, err)
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// TestLinksChangeNothingByThemselves: a scanner that opens every link of a mail
// leaves them as good as they were. PW-31 SE-30
func TestLinksChangeNothingByThemselves(t *testing.T) {
	t.Parallel()
	p := dev(t)
	v, scanner := visit(t, p.url(), nil), visit(t, p.url(), nil)
	const me = "linus@example.test"
	v.submit(v.get("/signup"), "/signup", "display-name", "Linus", "email", me, "new-password", ownPassword)
	mail := v.mail(me, "")
	for range 3 {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			_, err := scanner.try(method, mail.path(t), "", nil)
			must(t, err)
		}
	}
	v.signIn(me, ownPassword).is(401, "/login")
	phone := visit(t, p.url(), nil) // the link is opened on another device
	phone.submit(phone.get(mail.path(t)), "/verify", "new-password", ownPassword).is(200, "/verify")
	v.signIn(me, ownPassword).is(200, "/account")
	if again := phone.get(mail.path(t)); again.status != 410 && again.status != 404 {
		t.Errorf("a spent link answers %d", again.status)
	}
}

// TestEnterAsADemoPerson needs the code of the terminal, once per browser. TH-29
func TestEnterAsADemoPerson(t *testing.T) {
	t.Parallel()
	p := dev(t)
	v := visit(t, p.url(), nil)
	wrong := v.submit(v.get("/login"), "/dev/enter", "person", "ada@example.test", "dev-code", "nope")
	if wrong.status == 200 || cookie(v, "mortise") != "" {
		t.Fatalf("entered without the code: %d", wrong.status)
	}
	v.submit(v.get("/login"), "/dev/enter", "person", "ada@example.test", "dev-code", p.ready.EnterCode).is(200, "/account")
	v.submit(v.get("/logout"), "/logout")
	v.submit(v.get("/login"), "/dev/enter", "person", "ben@example.test").is(200, "/account")
}
