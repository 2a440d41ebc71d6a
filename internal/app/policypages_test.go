package app

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

var shownSecret = regexp.MustCompile(`<code id="secret">([^<]+)</code>`)

// enrolling takes the first step by the page, and is told to set up a second.
func (b *tab) enrolling(returnTo string) answer {
	b.t.Helper()
	b.clock.Advance(time.Second)
	a := b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword, "return_to", returnTo)
	if u := a.to(b.t); u.Path != "/login/enrol" {
		b.t.Fatalf("leads to %s", u)
	}
	return b.get("/login/enrol")
}

func (b *tab) codeOf(shown answer) string {
	b.t.Helper()
	found := shownSecret.FindStringSubmatch(shown.Body.String())
	if found == nil {
		b.t.Fatalf("no secret: %d %s", shown.Code, shown.Body)
	}
	key, err := totp.Decode(secret.NewText(found[1]))
	must(b.t, err)
	return totp.CodeAt(key, b.clock.Now())
}

// PW-44 PW-47: a sign-in by the pages that ends in setting up an app, then one that is
// remembered, shown and forgotten; all without a script.
func TestEnrolmentByThePages(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	w.asks(t, policy.Policy{Assurance: 2, Remember: 30 * policy.Day})
	b := w.tab(t)
	choice := b.enrolling("/account/sessions")
	if b.signedIn() {
		t.Fatal("the password alone signed in")
	}
	offer := b.submit("/login/enrol/app", choice, "flow", hidden(t, choice, "flow"))
	again := b.submit("/login/enrol", offer, "flow", hidden(t, offer, "flow"), "enrolment", hidden(t, offer, "enrolment"), "code", "000000")
	if again.Code != 422 || b.signedIn() || b.codeOf(again) != b.codeOf(offer) {
		t.Fatalf("a wrong first code: %d", again.Code)
	}
	stranger := w.tab(t)
	if a := stranger.submit("/login/enrol", stranger.get("/login"), "flow", hidden(t, again, "flow"), "enrolment", hidden(t, again, "enrolment"), "code", b.codeOf(again)); a.Code == 200 || stranger.signedIn() {
		t.Fatalf("another browser finished it: %d", a.Code)
	}
	codes := b.submit("/login/enrol", again, "flow", hidden(t, again, "flow"), "enrolment", hidden(t, again, "enrolment"), "code", b.codeOf(again), "remember-device", "yes")
	if codes.Code != 200 || !strings.Contains(codes.Body.String(), `id="recovery-codes"`) || !strings.Contains(codes.Body.String(), `/account/sessions"`) || !b.signedIn() {
		t.Fatalf("%d %s", codes.Code, codes.Body)
	}
	if file := b.submit("/account/security/download", codes, "flow", hidden(t, codes, "flow")); file.Code != 200 || strings.Count(file.Body.String(), "\r\n") != 10 {
		t.Errorf("the codes as a file: %d %s", file.Code, file.Body)
	}
	b.submit("/logout", b.get("/logout"))
	if b.signedIn() {
		t.Fatal("signed in still")
	}
	if to := b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword).to(t); to.Path != "/account" || !b.signedIn() {
		t.Fatalf("a remembered device leads to %s", to)
	}
	shown := b.get("/account/security")
	if !strings.Contains(shown.Body.String(), `id="remembered-devices"`) {
		t.Fatalf("not listed: %s", shown.Body)
	}
	b.submit("/account/security/forget", shown, "all", "yes")
	b.submit("/logout", b.get("/logout"))
	w.clock.Advance(totp.Period)
	b.password("")
}

// During the time that policy gives, people are told and go on.
func TestGraceByThePages(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	w.asks(t, policy.Policy{Assurance: 2, Grace: 14 * policy.Day})
	b := w.tab(t)
	to := b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword, "return_to", "/account/sessions").to(t)
	if to.Path != "/login/enrol/soon" || !b.signedIn() {
		t.Fatalf("leads to %s", to)
	}
	if shown := b.get(to.RequestURI()); shown.Code != 200 || !strings.Contains(shown.Body.String(), `id="later" href="/account/sessions"`) {
		t.Errorf("%d %s", shown.Code, shown.Body)
	}
	w.clock.Advance(14 * policy.Day)
	w.tab(t).enrolling("")
}

// The same as JSON: an app, a passkey, a remembered program, and a client that asks
// for more than the instance.
func TestEnrolmentHeadless(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	w.asks(t, policy.Policy{Assurance: 2, Remember: 7 * policy.Day})
	post := func(path string, body map[string]any) answer {
		t.Helper()
		w.clock.Advance(time.Second)
		text, err := json.Marshal(body)
		must(t, err)
		return w.do(t, ask{"POST", path, string(text), map[string]string{"Content-Type": "application/json"}})
	}
	signIn := map[string]any{"identifier": kimsMail, "password": rightPassword}
	half := post("/api/v1/signin", signIn).want(t, 200, "")
	if next, _ := half.json["next"].([]any); half.text("status") != "continue" || len(next) != 1 || next[0] != "enroll" {
		t.Fatalf("%s", half.Body)
	}
	post("/api/v1/signin", map[string]any{"flow": half.text("flow"), "otp": "123456"}).want(t, 422, "second_factor_wrong")
	post("/api/v1/signin/enroll", map[string]any{"flow": "nobody's", "method": "otp"}).want(t, 410, "flow_ended")

	key := authenticator.New(w.Passkeys.Site().Origins[0])
	asked := post("/api/v1/signin/enroll", map[string]any{"flow": half.text("flow"), "method": "passkey"}).want(t, 200, "")
	made, err := key.Create(asked.json["public_key"])
	must(t, err)
	in := post("/api/v1/signin", map[string]any{"flow": half.text("flow"), "new_passkey": json.RawMessage(made)}).want(t, 200, "")
	if s, _ := in.json["session"].(map[string]any); in.text("status") != "complete" || s["assurance"] != 2.0 {
		t.Fatalf("%s", in.Body)
	}
	have, err := w.store.Passkeys().Of(t.Context(), w.kim.ID)
	if err != nil || len(have) != 1 {
		t.Fatalf("%v %v", have, err)
	}
	next := post("/api/v1/signin", signIn).want(t, 200, "")
	if list, _ := next.json["next"].([]any); len(list) != 1 || list[0] != "passkey" {
		t.Errorf("%s", next.Body)
	}

	ada := w.person(t, "ida@mail.org")
	half = post("/api/v1/signin", map[string]any{"identifier": "ida@mail.org", "password": rightPassword}).want(t, 200, "")
	app := post("/api/v1/signin/enroll", map[string]any{"flow": half.text("flow"), "method": "otp", "name": "Phone"}).want(t, 200, "")
	seed, err := totp.Decode(secret.NewText(app.text("secret")))
	must(t, err)
	in = post("/api/v1/signin", map[string]any{
		"flow": half.text("flow"), "enrollment": app.text("enrollment"), "otp": totp.CodeAt(seed, w.clock.Now()), "remember_device": true,
	}).want(t, 200, "")
	if codes, _ := in.json["recovery_codes"].([]any); len(codes) != 10 || in.text("trusted_device") == "" {
		t.Fatalf("%s", in.Body)
	}
	passes := map[string]any{"identifier": "ida@mail.org", "password": rightPassword, "trusted_device": in.text("trusted_device")}
	if got := post("/api/v1/signin", passes).want(t, 200, ""); got.text("status") != "complete" {
		t.Errorf("%s", got.Body)
	}
	c, err := w.Directory.Client(t.Context(), user.Host(), "phone")
	must(t, err)
	c.Assurance = 2
	_, err = w.Directory.UpdateClient(t.Context(), user.Host(), c)
	must(t, err)
	passes["deliver"], passes["client_id"] = "tokens", "phone"
	if got := post("/api/v1/signin", passes).want(t, 200, ""); got.text("status") != "continue" || got.text("access_token") != "" {
		t.Errorf("a client that asks for two factors took a remembered device: %s", got.Body)
	}
	devices, err := w.Directory.Devices(t.Context(), user.Host(), ada.ID)
	if err != nil || len(devices) != 1 {
		t.Errorf("%v %v", devices, err)
	}
}

// A client that asks for two factors gets no code for less: who has none sets one up
// on the way, and who came by a remembered device proves more.
func TestClientAsksForAssurance(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	w.codeClient(t, "bank", func(c *client.Client) { c.FirstParty, c.Assurance = true, 2 })
	weak := w.tab(t)
	weak.submit("/login", weak.get("/login"), "identifier", kimsMail, "password", rightPassword)
	if to := weak.want(wanting("bank")).to(t); to.Path != "/login" || to.Query().Get("acr") != "2" || to.Query().Get("again") != "1" {
		t.Fatalf("a weak session leads to %s", to)
	}
	if to := weak.want(wanting("house")).to(t); to.Query().Get("code") == "" {
		t.Fatalf("another client is asked too: %s", to)
	}
	b := w.tab(t)
	begun := b.want(wanting("bank")).to(t)
	if begun.Path != "/login" {
		t.Fatalf("leads to %s", begun)
	}
	w.clock.Advance(time.Second)
	back := begun.Query().Get("return_to")
	to := b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword, "return_to", back).to(t)
	if to.Path != "/login/enrol" {
		t.Fatalf("leads to %s", to)
	}
	choice := b.get("/login/enrol")
	offer := b.submit("/login/enrol/app", choice, "flow", hidden(t, choice, "flow"))
	codes := b.submit("/login/enrol", offer, "flow", hidden(t, offer, "flow"), "enrolment", hidden(t, offer, "enrolment"), "code", b.codeOf(offer))
	if codes.Code != 200 || !b.signedIn() {
		t.Fatalf("%d %s", codes.Code, codes.Body)
	}
	if end := b.get(back).to(t); end.Query().Get("code") == "" {
		t.Errorf("ends at %s", end)
	}
}
