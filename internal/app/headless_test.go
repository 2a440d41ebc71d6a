package app

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-34: a native app has both tokens in the answer and no cookie that opens
// anything; the tokens are for what the client is registered for.
func TestHeadlessNative(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		got := w.headless(t, "phone", "", "resource", apiURI, "scope", "read openid").want(t, 200, "")
		if got.text("status") != "complete" || got.text("refresh_token") == "" || got.text("id_token") == "" || got.text("scope") != "read openid" {
			t.Fatalf("%s", got.Body)
		}
		for _, name := range []string{w.Frame.Names().Session, w.Frame.Names().Refresh("phone")} {
			if c, ok := got.cookie(name); ok {
				t.Errorf("a native app is given %v", c)
			}
		}
		seen := w.introspect(t, "api", got.text("access_token"))
		if seen.json["active"] != true || seen.text("scope") != "read openid" || seen.text("aud") != apiURI || !strings.HasPrefix(seen.text("sid"), "ses_") {
			t.Errorf("%s", seen.Body)
		}
		w.renew(t, "phone", got.text("refresh_token")).want(t, 200, "")
		for name, more := range map[string][]string{
			"a scope beyond the registration": {"scope", "read admin"}, "no scope at all": {"scope", `"`}, "a resource beyond it": {"resource", "https://bank.example"},
			"our own API beside another": {"resource", apiURI + " " + selfURI},
		} {
			if got := w.headless(t, "phone", "", more...); got.Code != 400 || got.text("access_token") != "" || !strings.HasPrefix(got.text("code"), "invalid_") {
				t.Errorf("%s: %d %s", name, got.Code, got.Body)
			}
		}
	})
}

// TH-34: who may not sign people in is told so before any password is looked at.
func TestHeadlessIsForFirstPartyClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, origin := range map[string]string{"third": "", "web": "", "nobody": "", "": "", "Third": ""} {
		w.headless(t, id, origin).want(t, 403, "client_not_first_party")
		w.headless(t, id, origin, "password", "wrong").want(t, 403, "client_not_first_party")
	}
	must(t, w.Directory.DisableClient(t.Context(), user.Host(), "phone"))
	w.headless(t, "phone", "").want(t, 403, "client_not_first_party")
	w.headless(t, "third", "https://third.example.org").want(t, 403, "client_not_first_party")
	for _, origin := range []string{spa2Page, "https://evil.example", "null", "http://app.example.org", spaPage + ".evil.example", selfURI} {
		got := w.headless(t, "spa", origin)
		if got.Code != 403 || got.Header().Get("Access-Control-Allow-Origin") != "" || got.Header().Get("Set-Cookie") != "" {
			t.Errorf("from %s: %d %v %s", origin, got.Code, got.Header(), got.Body)
		}
	}
	if sessions, err := w.store.Sessions().Of(t.Context(), w.kim.ID, w.now()); err != nil || len(sessions) != 0 {
		t.Errorf("%d sessions were born (%v)", len(sessions), err)
	}
}

// page is a request of a single-page app to its cookie's route.
func (w *world) page(t *testing.T, id, origin, cookie, more string) answer {
	t.Helper()
	a := ask{"POST", "/api/v1/session/refresh?client_id=" + url.QueryEscape(id), `{"client_id":"` + id + `"` + more + `}`, map[string]string{
		"Content-Type": "application/json", "Sec-Fetch-Site": "same-site", "User-Agent": phoneAgent,
	}}
	if origin != "" {
		a.head["Origin"] = origin
	}
	if cookie != "" {
		a.head["Cookie"] = cookie
	}
	return w.do(t, a)
}

// TH-9 TH-34 SE-10: a page of a registered origin keeps its refresh token in a
// cookie of its client that no script reads, and reads the answers.
func TestHeadlessPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := w.Frame.Names().Refresh("spa")
	got := w.headless(t, "spa", spaPage).want(t, 200, "")
	c, ok := got.cookie(name)
	if !ok || !c.HttpOnly || !c.Secure || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") || c.MaxAge <= 0 {
		t.Fatalf("%v", c)
	}
	if got.text("refresh_token") != "" || strings.Contains(got.Body.String(), c.Value) || got.text("access_token") == "" {
		t.Errorf("%s", got.Body)
	}
	if _, ok := got.cookie(w.Frame.Names().Session); ok {
		t.Error("the page was given the cookie of our own pages")
	}
	h := got.Header()
	if h.Get("Access-Control-Allow-Origin") != spaPage || h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", h)
	}
	if wrong := w.headless(t, "spa", spaPage, "password", "wrong"); wrong.Code != 401 || wrong.Header().Get("Access-Control-Allow-Origin") != spaPage {
		t.Errorf("the page cannot read that the password is wrong: %d %v", wrong.Code, wrong.Header())
	}
	if found := w.rig.events(t, "csrf.blocked"); len(found) != 0 {
		t.Errorf("a registered page looks like an attack: %+v", found)
	}
	next := w.page(t, "spa", spaPage, name+"="+c.Value, `,"scope":"read"`).want(t, 200, "")
	c2, ok := next.cookie(name)
	if !ok || c2.Value == c.Value || next.text("scope") != "read" || next.text("refresh_token") != "" || next.Header().Get("Access-Control-Allow-Origin") != spaPage {
		t.Errorf("%v %s", next.Header(), next.Body)
	}
	w.page(t, "spa", spaPage, "", "").want(t, 400, "invalid_grant")
	w.page(t, "spa", spaPage, name+"="+c2.Value+"; "+name+"="+c.Value, "").want(t, 400, "duplicate_cookie")
	for _, id := range []string{"spa", "spa2", "nobody"} {
		for _, origin := range []string{spaPage, "https://evil.example"} {
			for _, path := range []string{"/api/v1/session/refresh", "/api/v1/signin"} {
				h := w.do(t, ask{"OPTIONS", path + "?client_id=" + id, "", map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST"}}).Header()
				if got, want := h.Get("Access-Control-Allow-Origin") != "", id == "spa" && origin == spaPage; got != want {
					t.Errorf("preflight of %s for %s at %s: %v", origin, id, path, h)
				}
			}
		}
	}
}

// TH-9 TH-8 SE-31: every way to reach the cookie from elsewhere is refused and
// leaves the family alone.
func TestCookieOfAPageIsItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name, name2 := w.Frame.Names().Refresh("spa"), w.Frame.Names().Refresh("spa2")
	got := w.headless(t, "spa", spaPage).want(t, 200, "")
	c, _ := got.cookie(name)
	mine := name + "=" + c.Value
	refused := func(what string, got answer) {
		t.Helper()
		if got.Code < 400 || got.text("access_token") != "" || got.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v %s", what, got.Code, got.Header(), got.Body)
		}
	}
	refused("planted cookie of another client", w.page(t, "spa2", spa2Page, name2+"="+c.Value, ""))
	refused("another client's origin", w.page(t, "spa", spa2Page, mine, ""))
	refused("no origin", w.page(t, "spa", "", mine, ""))
	refused("null", w.page(t, "spa", "null", mine, ""))
	refused("our own pages", w.page(t, "spa", selfURI, mine, ""))
	refused("another client in the query", w.do(t, ask{"POST", "/api/v1/session/refresh?client_id=spa2", `{"client_id":"spa"}`, map[string]string{"Content-Type": "application/json", "Origin": spaPage, "Cookie": mine}}))
	form := func(path, kind, body string) answer {
		return w.do(t, ask{"POST", path, body, map[string]string{"Content-Type": kind, "Origin": spaPage, "Sec-Fetch-Site": "same-site", "Cookie": mine}})
	}
	refused("form POST", form("/api/v1/session/refresh", "application/x-www-form-urlencoded", "client_id=spa"))
	refused("text POST", form("/api/v1/session/refresh", "text/plain", `{"client_id":"spa"}`))
	refused("GET", w.do(t, ask{"GET", "/api/v1/session/refresh?client_id=spa", "", map[string]string{"Origin": spaPage, "Cookie": mine}}))
	refused("end from another origin", w.page(t, "spa", spa2Page, mine, `,"end":true`))
	// The app's origin is trusted nowhere else, also with the session of our own pages.
	res := w.signIn(t, "kim@mail.org")
	mine += "; __Host-mortise=" + res.Secret.Reveal()
	for _, path := range []string{"/account", "/account/password", "/account?client_id=spa", "/login", "/logout?client_id=spa", "/api/v1/me/emails?client_id=spa", "/api/v1/me/password?client_id=spa"} {
		refused(path, form(path, "application/json", "{}"))
	}
	refused("a cookie session for the app's page", form("/api/v1/signin?client_id=spa", "application/json", `{"identifier":"kim@mail.org","password":"`+rightPassword+`","client_id":"spa"}`))
	for _, again := range []string{"DELETE", "PATCH"} {
		refused(again, w.do(t, ask{again, "/api/v1/session?client_id=spa", "", map[string]string{"Origin": spaPage, "Sec-Fetch-Site": "same-site", "Cookie": mine}}))
	}
	if !w.opens(t, res) {
		t.Error("a session was ended from elsewhere")
	}
	w.page(t, "spa", spaPage, name+"="+c.Value, "").want(t, 200, "")
}

// TH-9: giving the cookie back ends grant and session and clears it, also when
// its answer was lost and the cookie is a generation behind.
func TestPageSignsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := w.Frame.Names().Refresh("spa")
	for _, lost := range []bool{false, true} {
		got := w.headless(t, "spa", spaPage).want(t, 200, "")
		c, _ := got.cookie(name)
		access := got.text("access_token")
		if lost {
			access = w.page(t, "spa", spaPage, name+"="+c.Value, "").want(t, 200, "").text("access_token")
		}
		end := w.page(t, "spa", spaPage, name+"="+c.Value, `,"end":true`).want(t, 200, "")
		if cleared, ok := end.cookie(name); !ok || cleared.MaxAge >= 0 || end.text("status") != "ended" || end.text("access_token") != "" {
			t.Errorf("%v %s", end.Header(), end.Body)
		}
		if w.introspect(t, "api", access).json["active"] == true {
			t.Error("the access token lives on")
		}
		if live, err := w.store.Sessions().Of(t.Context(), w.kim.ID, w.now()); err != nil || len(live) != 0 {
			t.Errorf("lost answer %v: %d sessions live on (%v)", lost, len(live), err)
		}
		w.page(t, "spa", spaPage, name+"="+c.Value, "").want(t, 400, "invalid_grant")
		w.page(t, "spa", spaPage, name+"="+c.Value, `,"end":true`).want(t, 200, "")
	}
}

// TH-34 PW-20: beyond 100 failures a mailed code is needed here too, its flow's
// secret goes to a native app in the body, and it ends in tokens.
func TestHeadlessWithMailedCode(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	w := r.world(t)
	for try := range 2000 {
		res, err := r.SignIn.SignIn(t.Context(), signInAs("kim@mail.org", "wrong but long enough", from(ipOf(try/8))))
		if err == nil && res.NeedCode {
			break
		}
		if err != nil && !errors.Is(err, signin.ErrWrong) && problem.Of(err).Kind != problem.Limited {
			t.Fatal(err)
		}
		r.clock.Advance(problem.Of(err).RetryAfter)
	}
	r.code(t, "kim@mail.org")
	r.clock.Advance(time.Hour) // the wait between guesses
	asked := w.headless(t, "phone", "").want(t, 200, "")
	if asked.text("status") != "continue" || asked.text("flow") == "" || asked.text("access_token") != "" {
		t.Fatalf("%s", asked.Body)
	}
	code := r.code(t, "kim@mail.org").Reveal()
	for name, more := range map[string][]string{
		"without the flow": {"code", code}, "with another flow": {"code", code, "flow", secret.New("x").Reveal()}, "wrong code": {"flow", asked.text("flow"), "code", "00000000"},
	} {
		if got := w.headless(t, "phone", "", more...); got.text("access_token") != "" {
			t.Errorf("%s: %s", name, got.Body)
		}
	}
	got := w.headless(t, "phone", "", "flow", asked.text("flow"), "code", code).want(t, 200, "")
	if got.text("access_token") == "" || got.text("refresh_token") == "" {
		t.Errorf("%s", got.Body)
	}
	// A page has the flow's secret in a cookie.
	page := w.headless(t, "spa", spaPage)
	if _, ok := page.cookie(w.Frame.Names().Flow); page.text("status") == "continue" && (!ok || page.text("flow") != "") {
		t.Errorf("%v %s", page.Header(), page.Body)
	}
}

// TH-13 OA-47: the app's sign-in is in the list with its device, and ending it
// there kills access token and family at once.
func TestEndedInTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rig.running(t)
	w.rig.fresh(t)
	got := w.headless(t, "phone", "", "resource", apiURI).want(t, 200, "")
	res := w.signIn(t, "kim@mail.org")
	list, err := w.Account.Sessions(t.Context(), inSession(res))
	must(t, err)
	found := false
	for _, s := range list {
		if s.UserAgent != phoneAgent {
			continue
		}
		found = true
		if w.introspect(t, "api", got.text("access_token")).json["active"] != true {
			t.Fatal("the token is no test")
		}
		must(t, w.Account.EndSession(t.Context(), inSession(res), s.ID))
	}
	if !found {
		t.Fatalf("the app is not in the list: %+v", list)
	}
	if w.introspect(t, "api", got.text("access_token")).json["active"] == true {
		t.Error("the access token lives on")
	}
	w.renew(t, "phone", got.text("refresh_token")).want(t, 400, "invalid_grant")
	if !w.opens(t, res) {
		t.Error("the other session went too")
	}
}

// TH-1: what moved between the check of the client and the birth of the tokens
// wins; neither tokens nor their session come to be.
func TestTokensAreBornOfWhatHolds(t *testing.T) {
	t.Parallel()
	disable := func(t *testing.T, w *world) { must(t, w.Directory.DisableClient(t.Context(), user.Host(), "phone")) }
	for name, act := range map[string]func(*testing.T, *world){
		"client disabled": disable,
		"disabled and back": func(t *testing.T, w *world) {
			disable(t, w)
			must(t, w.Directory.EnableClient(t.Context(), user.Host(), "phone"))
		},
		"client deleted": func(t *testing.T, w *world) { must(t, w.Directory.DeleteClient(t.Context(), user.Host(), "phone")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d, err := w.OAuth.Deliver(t.Context(), oauth.FirstParty{Client: "phone", Resource: []string{apiURI}})
			must(t, err)
			act(t, w)
			r := signInAs("kim@mail.org", rightPassword, from("198.51.100.7"))
			r.Deliver = func(ctx context.Context, st token.Store, s session.Session) error {
				return d.In(ctx, st, s, r.By.Source)
			}
			if _, err := w.SignIn.SignIn(t.Context(), r); !errors.Is(err, signin.ErrWrong) {
				t.Errorf("%v, want ErrWrong", err)
			}
			if live, err := w.store.Sessions().Of(t.Context(), w.kim.ID, w.now()); err != nil || len(live) != 0 {
				t.Errorf("%d sessions were born (%v)", len(live), err)
			}
		})
	}
}
