package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const signInBody = `{"identifier":"kim@example.org","password":"` + right + `"}`

// TH-34 SE-10
func TestSignInGivesASessionCookie(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	b := r.browser()
	got := b.must(t, 200, "POST", "/signin", signInBody)
	if got.json["status"] != "complete" || got.json["user"].(map[string]any)["email"] != "kim@example.org" {
		t.Errorf("answer: %s", got.text)
	}
	var set *http.Cookie
	for _, c := range got.Cookies() {
		if c.Name == "__Host-mortise" {
			set = c
		}
	}
	if set == nil || !set.Secure || !set.HttpOnly || set.SameSite != http.SameSiteLaxMode || set.Domain != "" {
		t.Fatalf("cookie: %v", set)
	}
	if strings.Contains(got.text, set.Value) {
		t.Error("the session's secret is in the body")
	}
	session := b.must(t, 200, "GET", "/session", "").json["session"].(map[string]any)
	if session["current"] != true || !strings.HasPrefix(session["id"].(string), "ses_") {
		t.Errorf("session: %v", session)
	}
	old := b.cookies["__Host-mortise"]
	b.must(t, 204, "DELETE", "/session", "")
	if b.cookies["__Host-mortise"] != "" {
		t.Error("the cookie stays")
	}
	b.cookies["__Host-mortise"] = old
	b.refuse(t, 401, "session_ended", "GET", "/session", "")
}

// PW-25: no such user, wrong password, suspended, unverified: one answer.
func TestRefusedSignInsLookAlike(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	gone := r.person(t, "gone@example.org")
	r.asHost().must(t, 200, "POST", "/users/"+gone.ID.String()+"/disable", "")
	r.asHost().must(t, 201, "POST", "/users", `{"email":"new@example.org"}`)
	var first map[string]any
	var head http.Header
	for _, body := range []string{
		`{"identifier":"kim@example.org","password":"wrong"}`, `{"identifier":"nobody@example.org","password":"wrong"}`,
		`{"identifier":"gone@example.org","password":"` + right + `"}`, `{"identifier":"new@example.org","password":"wrong"}`,
		`{"identifier":"no address at all","password":"wrong"}`,
	} {
		got := r.program().refuse(t, 401, "credentials_wrong", "POST", "/signin", body)
		delete(got.json, "request_id")
		delete(got.json, "why") // names this refusal, as the request id does
		for _, name := range []string{"Request-Id", "Ratelimit"} {
			got.Header.Del(name)
		}
		if first == nil {
			first, head = got.json, got.Header
		}
		if d := cmp.Diff(first, got.json) + cmp.Diff(head, got.Header); d != "" {
			t.Errorf("%s: %s", body, d)
		}
	}
}

// TH-34: a client that is not first-party gets no tokens, before any password is
// looked at; and tokens are nobody's who names no client.
func TestTokensAreNotAPasswordGrant(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	for _, extra := range []string{`"deliver":"tokens"`, `"deliver":"tokens","client_id":"app"`} {
		r.program().refuse(t, 403, "client_not_first_party", "POST", "/signin", strings.Replace(signInBody, "{", "{"+extra+",", 1))
	}
	r.program().refuse(t, 422, "invalid_members", "POST", "/signin", strings.Replace(signInBody, "{", `{"deliver":"pigeon",`, 1))
}

// TH-33 TH-34: after very many failures a mailed code is needed too, and only
// whoever holds the flow's secret can use it.
func TestSignInContinuesWithACode(t *testing.T) {
	r := newRig(t).working(t)
	r.person(t, "kim@example.org")
	step := reply{}
	c := r.program()
	for i := 0; i < 2000 && step.json["status"] != "continue"; i++ {
		c.from = fmt.Sprintf("198.51.%d.%d:1", i/1600, i/8%200+1)
		step = c.do(t, "POST", "/signin", `{"identifier":"kim@example.org","password":"wrong but long enough"}`)
		if step.Response.StatusCode == http.StatusTooManyRequests {
			wait, err := time.ParseDuration(step.Header.Get("Retry-After") + "s")
			if err != nil {
				t.Fatal(err)
			}
			r.clock.Advance(wait)
		}
	}
	flow, _ := step.json["flow"].(string)
	if flow == "" || fmt.Sprint(step.json["next"]) != "[email_code]" || len(c.cookies) != 0 {
		t.Fatalf("step: %s", step.text)
	}
	mail, err := r.box.Next(t.Context(), "kim@example.org")
	if err != nil {
		t.Fatal(err)
	}
	with := func(flow string) string {
		return strings.Replace(signInBody, "{", `{"code":"`+mail.Code+`","flow":"`+flow+`",`, 1)
	}
	other := "A" + flow[1:]
	if other == flow {
		other = "B" + flow[1:]
	}
	r.program().refuse(t, 422, "wrong_code", "POST", "/signin", with(""))
	r.program().refuse(t, 422, "wrong_code", "POST", "/signin", with(other))
	if got := c.must(t, 200, "POST", "/signin", with(flow)); got.json["status"] != "complete" {
		t.Errorf("answer: %s", got.text)
	}
	r.program().refuse(t, 422, "wrong_code", "POST", "/signin", with(flow))
}

// TH-34: a code of nobody's flow does not pass by the right password.
func TestFactorOrder(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	r.program().refuse(t, 422, "wrong_code", "POST", "/signin", strings.Replace(signInBody, "{", `{"code":"12345678",`, 1))
}

// SE-31 SE-34 TH-34: another site cannot sign somebody in, nor out.
func TestOtherOriginsAreRefused(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	evil := r.program().with("Origin", "https://evil.example").with("Sec-Fetch-Site", "cross-site")
	evil.refuse(t, 403, "cross_origin", "POST", "/signin", signInBody)
	b := r.browser().signedIn(t, "kim@example.org")
	evil.cookies = b.cookies
	evil.refuse(t, 403, "cross_origin", "DELETE", "/session", "")
	if h := b.must(t, 200, "GET", "/session", "").Header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS")
	}
}

// PW-30: a known and an unknown address are answered alike, and the flow needs
// the secret of whoever asked (TH-34).
func TestSignUp(t *testing.T) {
	r := newRig(t).working(t)
	r.ready(t)
	r.person(t, "taken@example.org")
	body := func(email string) string {
		return `{"email":"` + email + `","name":"Ada","password":"nine purple umbrellas sing"}`
	}
	taken := r.program().must(t, 200, "POST", "/signup", body("taken@example.org"))
	p := r.program()
	fresh := p.must(t, 200, "POST", "/signup", body("ada@example.org"))
	if len(taken.json["flow"].(string)) != len(fresh.json["flow"].(string)) {
		t.Error("flows differ in form")
	}
	mail, err := r.box.Next(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	// A victim's code does not finish the attacker's flow.
	r.program().refuse(t, 422, "wrong_code", "POST", "/signup", `{"code":"`+mail.Code+`","flow":"`+taken.json["flow"].(string)+`"}`)
	r.program().refuse(t, 422, "wrong_code", "POST", "/signup", `{"code":"`+mail.Code+`"}`)
	done := p.must(t, 200, "POST", "/signup", `{"code":"`+mail.Code+`","flow":"`+fresh.json["flow"].(string)+`"}`)
	if done.json["status"] != "complete" || len(done.Cookies()) != 0 {
		t.Errorf("done: %s, cookies %v", done.text, done.Cookies())
	}
	delete(taken.json, "flow")
	delete(fresh.json, "flow")
	if d := cmp.Diff(taken.json, fresh.json); d != "" {
		t.Error(d)
	}
	p.must(t, 200, "POST", "/signin", `{"identifier":"ada@example.org","password":"nine purple umbrellas sing"}`)
}

// TH-34: in a browser the flow's secret is in a cookie that no script sees.
func TestBrowsersKeepTheFlowInACookie(t *testing.T) {
	r := newRig(t).working(t)
	r.person(t, "kim@example.org")
	b := r.browser()
	got := b.must(t, 200, "POST", "/recover", `{"identifier":"kim@example.org"}`)
	if _, leaked := got.json["flow"]; leaked || b.cookies["__Host-mortise-flow"] == "" {
		t.Errorf("answer %s, cookies %v", got.text, b.cookies)
	}
	mail, err := r.box.Next(t.Context(), "kim@example.org")
	if err != nil {
		t.Fatal(err)
	}
	b.refuse(t, 422, "password_too_short", "POST", "/recover", `{"code":"`+mail.Code+`","new_password":"short"}`)
	b.must(t, 200, "POST", "/recover", `{"code":"`+mail.Code+`","new_password":"nine purple umbrellas sing"}`)
	if b.cookies["__Host-mortise-flow"] != "" {
		t.Error("the flow's cookie stays")
	}
	b.refuse(t, 401, "credentials_wrong", "POST", "/signin", signInBody)
}

// PW-30
func TestRecoveryOfNobodyLooksAlike(t *testing.T) {
	r := newRig(t)
	r.person(t, "kim@example.org")
	a := r.program().must(t, 200, "POST", "/recover", `{"identifier":"kim@example.org"}`)
	b := r.program().must(t, 200, "POST", "/recover", `{"identifier":"nobody@example.org"}`)
	delete(a.json, "flow")
	delete(b.json, "flow")
	if d := cmp.Diff(a.json, b.json); d != "" {
		t.Error(d)
	}
	r.program().refuse(t, 422, "missing_field", "POST", "/recover", `{}`)
}

func TestVerifyRefusesWhatNobodyMailed(t *testing.T) {
	r := newRig(t)
	c := r.program()
	for _, purpose := range []string{"signup", "address", "recover", "undo", "keep"} {
		extra := ""
		if purpose == "recover" {
			extra = `,"new_password":"nine purple umbrellas sing"`
		}
		c.refuse(t, 410, "link_expired", "POST", "/verify", `{"purpose":"`+purpose+`","token":"nonsense"`+extra+`}`)
	}
	c.refuse(t, 422, "invalid_members", "POST", "/verify", `{"purpose":"fun","token":"x"}`)
	c.refuse(t, 410, "link_expired", "POST", "/verify", `{"purpose":"signup","token":"x","new_password":"y"}`)
	c.refuse(t, 422, "missing_field", "POST", "/verify", `{"purpose":"undo"}`)
	c.refuse(t, 422, "invalid_members", "POST", "/verify", `{"purpose":"undo","token":"x","new_password":"y"}`)
}
