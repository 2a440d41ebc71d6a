package people_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// fresh is what differs between any two answers: nonces, tokens, sealed steps,
// request ids.
var fresh = regexp.MustCompile(`nonce="[^"]*"|'nonce-[^']*'|name="(csrf|flow|token)" value="[^"]*"|req_[0-9a-f]+`)

// same compares two answers byte for byte but for what is fresh, headers too.
func same(t *testing.T, what string, a, b answer) {
	t.Helper()
	if a.StatusCode != b.StatusCode {
		t.Errorf("%s: status %d and %d", what, a.StatusCode, b.StatusCode)
	}
	if x, y := fresh.ReplaceAllString(a.body, "~"), fresh.ReplaceAllString(b.body, "~"); x != y {
		t.Errorf("%s: the bodies differ:\n%s\n%s", what, x, y)
	}
	if x, y := outline(a), outline(b); x != y {
		t.Errorf("%s: the headers differ:\n%s\n%s", what, x, y)
	}
}

// outline is the headers of an answer, with values that are fresh as lengths.
func outline(a answer) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if name == "Ratelimit" {
			continue // counts requests of the source, whatever about
		}
		for _, v := range a.Header[name] {
			if name == "Set-Cookie" {
				pair, attributes, _ := strings.Cut(v, ";")
				cookie, value, _ := strings.Cut(pair, "=")
				v = cookie + "=" + strings.Repeat("~", len(value)) + ";" + regexp.MustCompile(`Expires=[^;]*`).ReplaceAllString(attributes, "")
			}
			out.WriteString(name + ": " + fresh.ReplaceAllString(v, "~") + "\n")
		}
	}
	return out.String()
}

// PW-25 SE-46: unknown, wrong and switched off look the same.
func TestSignInTellsNothing(t *testing.T) {
	w := newWorld(t)
	const off, nobody = "off@example.test", "bob@example.test" // as long as ada's
	w.signed(ada)
	b := w.signed(off)
	b.get("/account/data")
	b.post("/account/data/delete")
	b.post("/account/confirm", "password", first).leads("/logout?scope=all")
	try := func(who, password string) answer {
		fresh := w.browser()
		fresh.get("/login")
		a := fresh.post("/login", "identifier", who, "password", password)
		a.body = strings.ReplaceAll(a.body, who, "who")
		return a
	}
	wrong := try(ada, "not my password at all").want(401, "credentials_wrong")
	same(t, "unknown", wrong, try(nobody, "not my password at all"))
	same(t, "switched off", wrong, try(off, first))
	same(t, "switched off and wrong", wrong, try(off, "not my password at all"))
}

// PW-30 PW-25: sign-up and recovery answer alike for known and unknown addresses,
// at every step a stranger can take, also when the tries run out.
func TestStartsTellNothing(t *testing.T) {
	w := newWorld(t)
	w.signed(ada)
	const nobody = "bob@example.test"
	walk := func(who string) (all []answer) {
		b := w.browser()
		note := func(a answer) answer {
			a.body = strings.ReplaceAll(a.body, who, "who")
			all = append(all, a)
			return a
		}
		b.get("/signup")
		note(b.post("/signup", "display-name", "X", "email", who, "new-password", first)).leads("/verify")
		note(b.get("/verify"))
		for range proof.MaxAttempts + 2 {
			note(b.post("/verify", "code", "00000000")).want(422)
		}
		note(b.post("/signup/resend")).leads("/verify")
		note(b.get("/verify"))
		b.get("/recover")
		note(b.post("/recover", "identifier", who)).leads("/recover/code")
		note(b.get("/recover/code"))
		for range proof.MaxAttempts + 2 {
			note(b.post("/recover/code", "code", "00000000")).want(422)
		}
		return all
	}
	known, unknown := walk(ada), walk(nobody)
	for i := range known {
		same(t, known[i].Status+" "+known[i].Header.Get("Location"), known[i], unknown[i])
	}
}

// PW-25 TH-33: the code asked of strangers is asked for accounts nobody has, too.
func TestLoginCodeTellsNothing(t *testing.T) {
	w := newWorld(t)
	w.signed(ada)
	const nobody = "bob@example.test"
	walk := func(who, source string) (all []answer) {
		b := w.guessUntilCode(who, source)
		for _, a := range []answer{
			b.get("/login/verify").want(200),
			b.post("/login/verify", "code", "00000000", "password", first).want(422, "wrong_code"),
			b.post("/login/resend").leads("/login/verify"),
			b.get("/login/verify").want(200),
		} {
			a.body = strings.ReplaceAll(a.body, who, "who")
			all = append(all, a)
		}
		return all
	}
	known, unknown := walk(ada, "198.51.100.7:99"), walk(nobody, "198.51.100.8:99")
	for i := range known {
		same(t, known[i].Status, known[i], unknown[i])
	}
}

// SE-34 SE-35: every form of every page is refused without its token, with
// somebody else's, and with one of before the sign-in.
func TestForms(t *testing.T) {
	w := newWorld(t)
	in := w.signed(ada)
	out := w.browser()
	out.get("/login")
	in.get("/account")
	who, _, err := w.store.Users().ByEmail(t.Context(), ada)
	must(t, err)
	must(t, w.store.Users().SetRoles(t.Context(), who.ID, []string{rbac.Admin}, "", w.now(), hostCaller().Event(user.RoleAssigned, w.now(), who.ID)))
	stolen := out.hidden["csrf"]
	for _, route := range w.pages.Surface().Routes {
		path, post := strings.CutPrefix(route.Pattern, "POST ")
		if !post || path == "/logout" || path == "/login/again" || path == "/consent" {
			continue
		}
		for _, token := range []string{"", "00", stolen} {
			if a := in.raw(path, "csrf="+token); a.StatusCode != 403 || !strings.Contains(a.body, "form_expired") {
				t.Errorf("%s with token %q: %d", path, token, a.StatusCode)
			}
		}
		if route.Access == web.Anyone {
			if a := w.browser().raw(path, "csrf="+stolen); a.StatusCode != 403 {
				t.Errorf("%s without a cookie: %d", path, a.StatusCode)
			}
		}
	}
	for _, path := range []string{"/logout", "/login/again"} { // without a session there is nothing to protect
		in.get(path)
		in.raw(path, "csrf=00").want(403)
	}
	in.get("/account").want(200)
}

// SE-31: another site's form is refused before anything is read.
func TestCrossOrigin(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login")
	r := httptest.NewRequest(http.MethodPost, origin+"/login", strings.NewReader("csrf="+b.hidden["csrf"]))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a := b.send(r).want(403, "cross_origin")
	if len(a.Cookies()) != 0 {
		t.Error("a request from elsewhere changed cookies")
	}
}

// Forms that are no forms.
func TestBadForms(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/login")
	csrf := "csrf=" + b.hidden["csrf"]
	b.raw("/login", csrf+"&identifier=a&identifier=b").want(400, "bad_request")
	b.raw("/login", csrf+"&identifier=%ff%fe").want(400, "bad_request")
	b.raw("/login", csrf+"&identifier=%zz").want(400, "bad_request")
	b.raw("/login", csrf+"&password="+strings.Repeat("x", 1<<17)).want(413, "too_large")
	for _, kind := range []string{"", "text/plain", "application/json", "multipart/form-data; boundary=x"} {
		r := httptest.NewRequest(http.MethodPost, origin+"/login", strings.NewReader(csrf))
		r.Header.Set("Content-Type", kind)
		b.send(r).want(415, "unsupported_media_type")
	}
	b.get("/login?return_to=/a&return_to=/b").want(400)
	b.get("/login")
	b.post("/login", "identifier", strings.Repeat("x", 5000), "password", "y").want(401)
	b.post("/login").want(422, "missing_field", `id="identifier-error"`, `id="password-error"`)
	twice := httptest.NewRequest(http.MethodPost, origin+"/login", strings.NewReader(csrf))
	twice.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	twice.Header.Add("Cookie", "__Host-mortise-browser=planted") // SE-15
	b.send(twice).want(400, "duplicate_cookie")
}

// SE-30 PW-31: whatever GET or HEAD a mail scanner sends, with whatever token, in
// whatever order, changes nothing that the link could do.
func TestLookingChangesNothing(t *testing.T) {
	w := newWorld(t)
	b := w.signed(ada)
	const next = "ada@lovelace.example"
	out := w.browser()
	out.get("/signup")
	out.post("/signup", "display-name", "Bob", "email", "bob@example.test", "new-password", first).leads("/verify")
	b.get("/account/addresses")
	b.post("/account/addresses", "email", next)
	b.post("/account/confirm", "password", first)
	out.get("/recover")
	out.post("/recover", "identifier", ada).leads("/recover/code")
	signUp, address, recover := w.path(w.letterWith("bob@example.test").Link()), w.path(w.letterWith(next).Link()), w.path(w.letterWith(ada).Link())
	scanner := w.browser()
	for _, link := range []string{signUp, address, recover} {
		_, token, _ := strings.Cut(link, "?")
		for _, route := range append(w.pages.Surface().Routes, web.Route{Pattern: "GET /dev/mail"}) {
			path, get := strings.CutPrefix(route.Pattern, "GET ")
			if !get {
				continue
			}
			path = strings.NewReplacer("{$}", "", "{name}", "x", "{code}", "internal").Replace(path)
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				for _, who := range []*browser{scanner, b} {
					who.send(httptest.NewRequest(method, origin+path+"?"+token, nil))
				}
			}
		}
	}
	b.get("/account").want(200)
	phone := w.browser()
	phone.get(signUp).want(200)
	phone.post("/verify", "new-password", first).leads("/verify")
	b.get(address).want(200)
	b.post("/verify").leads("/verify")
	phone.get(recover).want(200)
	phone.post("/recover/password", "new-password", second).leads("/recover")
}

// PW-36 TH-41: the link of a sign-up that was started in another browser asks for
// a password, and the one typed there opens nothing. At home the button is enough.
func TestLinkOfAStrangersSignUp(t *testing.T) {
	w := newWorld(t)
	eve, owner := w.browser(), w.browser()
	start := func(b *browser, email string) string {
		b.get("/signup")
		b.post("/signup", "display-name", "X", "email", email, "new-password", first).leads("/verify")
		return w.path(w.letterWith(email).Link())
	}
	link := start(eve, "victim@example.test")
	owner.get(link).want(200, "started in another browser", `id="new-password"`)
	owner.post("/verify").want(422, "signup_password_needed", `id="new-password-error"`)
	owner.post("/verify", "new-password", "short").want(422, "password_too_short", `id="new-password"`)
	owner.post("/verify", "new-password", second).leads("/verify")
	eve.signIn("victim@example.test", first).want(401)
	owner.signIn("victim@example.test", second).leads("/account")

	own := w.browser()
	link = start(own, "own@example.test")
	if a := own.get(link).want(200); strings.Contains(a.body, `id="new-password"`) {
		t.Error("the browser that signed up is asked for a password again")
	}
	own.post("/verify").leads("/verify")
	own.signIn("own@example.test", first).leads("/account")
}

// HEAD is GET without the body.
func TestHead(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.send(httptest.NewRequest(http.MethodHead, origin+"/login", nil)).want(200)
	b.send(httptest.NewRequest(http.MethodDelete, origin+"/login", nil)).want(405, "method_not_allowed")
	b.get("/nothing/here").want(404, "not_found")
}

// Two tabs: each form holds its own step, whichever cookie came last.
func TestTwoTabs(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/signup")
	b.post("/signup", "display-name", "A", "email", ada, "new-password", first).leads("/verify")
	b.get("/verify")
	tab := maps.Clone(b.hidden)
	b.get("/signup")
	b.post("/signup", "display-name", "B", "email", "bob@example.test", "new-password", first).leads("/verify")
	b.get("/verify").want(200, "bob@example.test")
	b.hidden = tab
	b.post("/verify", "code", w.letterWith(ada).Code).leads("/verify")

	// A sign-in in one tab: the other's form is overtaken, and keeps what was typed.
	b.get("/login")
	tab = maps.Clone(b.hidden)
	b.signIn(ada, first).leads("/account")
	b.hidden = tab
	b.post("/login", "identifier", ada, "password", first).want(403, "form_expired", ada)
	b.post("/login", "identifier", ada, "password", first).leads("/account")
}

// The back button and forms sent twice.
func TestReplays(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/signup")
	b.post("/signup", "display-name", "A", "email", ada, "new-password", first)
	b.get("/verify")
	code, back := w.letterWith(ada).Code, maps.Clone(b.hidden)
	b.post("/verify", "code", code).leads("/verify")
	b.hidden = back
	b.post("/verify", "code", code).want(422, "wrong_code")
	b.signIn(ada, first).leads("/account")

	b.get("/account/data")
	b.post("/account/data/delete").want(200)
	parked := maps.Clone(b.hidden)
	w.pass(11 * time.Minute)
	b.post("/account/confirm", "password", first).want(410, "flow_ended")
	b.get("/account/data")
	b.post("/account/data/delete").want(200)
	parked["flow"] = b.hidden["flow"]

	// A parked act is of one session.
	other := w.browser()
	other.signIn(ada, first).leads("/account")
	other.get("/account")
	other.post("/account/confirm", "flow", parked["flow"], "password", first).want(410, "flow_ended")
	// What is sealed for one use opens nothing else.
	b.post("/verify", "flow", parked["flow"], "code", code).want(410)
	b.get("/recover")
	b.post("/recover", "identifier", ada).leads("/recover/code")
	b.get("/recover/code")
	for _, path := range []string{"/verify", "/login/verify", "/login/resend", "/signup/resend", "/account/addresses/verify"} {
		step := maps.Clone(b.hidden)
		b.post(path, "code", code, "password", first).want(410, "flow_ended")
		b.hidden = step
	}
	b.get("/account").want(200)
}

// An expired link, and one that never was.
func TestDeadLinks(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get("/signup")
	b.post("/signup", "display-name", "A", "email", ada, "new-password", first)
	link := w.path(w.letterWith(ada).Link())
	w.pass(25 * time.Hour)
	expired := w.browser().get(link).want(410, "link_expired")
	never := w.browser().get("/verify?token=" + secret.New(proof.SignUp.LinkPurpose()).Reveal()).want(410)
	clean := func(a answer) answer {
		a.body = regexp.MustCompile(`token=[A-Za-z0-9_-]+`).ReplaceAllString(a.body, "token=")
		return a
	}
	same(t, "expired and made up", clean(expired), clean(never))
	for _, path := range []string{"/verify?token=x", "/recover/password?token=x", "/account/undo?token=x", "/account/keep", "/account/undo"} {
		w.browser().get(path).want(410, "error-code")
	}
}

// PW-25: limits answer 429 with Retry-After and keep what was typed.
func TestLimited(t *testing.T) {
	w := worldOf(t, set{tight: true})
	b := w.browser()
	b.get("/recover")
	for range 4 {
		b.get("/recover")
		if a := b.post("/recover", "identifier", ada); a.StatusCode == 429 {
			if a.Header.Get("Retry-After") == "" {
				t.Fatal("429 without Retry-After")
			}
			a.want(429, "rate_limited", "alert-wait", ada)
			return
		}
	}
	t.Fatal("never limited")
}
