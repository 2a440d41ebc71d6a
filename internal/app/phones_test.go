package app

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/mail"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

const kimsNumber = "+491711234567"

// withPhones sends codes to the mailbox, as often as a test likes.
func withPhones(c *Config) {
	unlimitedRates(c)
	c.Phones = Phones{Driver: "mailbox", Voice: true, PerNumber: 1000, PerRange: 1000, PerCountry: 1000, Spend: 1_000_000}
}

// texted waits for a message to a phone.
func (r *rig) texted(t *testing.T, to string) mail.Entry {
	t.Helper()
	for {
		if l := r.letter(t, to); l.Channel != mail.Email {
			return l
		}
	}
}

// withPhone gives kim a phone, and returns the recovery codes that come with it.
func (r *rig) withPhone(t *testing.T, by user.Caller) (tel.ID, []secret.Text) {
	t.Helper()
	p, err := r.Factors.BeginPhone(t.Context(), by, factor.Proof{Password: secret.NewText(rightPassword)}, kimsNumber, false, "en")
	must(t, err)
	codes, err := r.Factors.ConfirmPhone(t.Context(), by, p.ID, secret.NewText(r.texted(t, kimsNumber).Code), "en")
	must(t, err)
	return p.ID, codes
}

// atNoon goes on at the next noon, for what has to happen within one day.
func (r *rig) atNoon() {
	now := r.clock.Now().UTC()
	r.clock.Advance(now.Truncate(24 * time.Hour).Add(36 * time.Hour).Sub(now))
}

// tags are all of a page that nobody reads; what is random in one may look like anything.
var tags = regexp.MustCompile(`<[^>]*>`)

// PW-40 PW-44 PW-46 PW-48 TH-36 AU-60: a phone is added, used and taken away by the
// pages; each needs proof for it, its owner is told, and the log says so.
func TestPhoneByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t, withPhones).running(t).begun(t).world(t).codeClients(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	prove := func(asked answer, fields ...string) answer {
		t.Helper()
		return b.submit("/account/confirm", asked, append([]string{"flow", hidden(t, asked, "flow")}, fields...)...)
	}
	page := b.get("/account/security")
	if !strings.Contains(page.Body.String(), "weakest second step") {
		t.Error("the page does not say what a phone is worth")
	}
	if bad := b.submit("/account/security/phone/add", page, "phone-number", "0171 1234567"); bad.Code != 422 || !strings.Contains(bad.Body.String(), "phone_number") {
		t.Errorf("a number without its country: %d", bad.Code)
	}
	asked := b.submit("/account/security/phone/add", page, "phone-number", "0049 171 12345-67")
	if wrong := prove(asked, "password", "not it at all"); wrong.Code != 403 {
		t.Fatalf("a wrong password: %d", wrong.Code)
	}
	if _, sent := w.box.Last(kimsNumber); sent {
		t.Fatal("a code was sent without proof")
	}
	shown := prove(asked, "password", rightPassword)
	text := w.texted(t, kimsNumber)
	if text.Channel != mail.SMS || text.HTML != "" || !strings.HasSuffix(text.Text, "@id.example.org #"+text.Code) || strings.Contains(shown.Body.String(), "1234567") {
		t.Errorf("%+v", text)
	}
	if wrong := b.submit("/account/security/phone/confirm", shown, "flow", hidden(t, shown, "flow"), "code", "00000000"); wrong.Code != 422 || !strings.Contains(wrong.Body.String(), "phone_code_wrong") {
		t.Errorf("a wrong first code: %d", wrong.Code)
	}
	if have, err := w.Factors.Of(t.Context(), w.kim.ID); err != nil || have.Enrolled() {
		t.Errorf("it counts before its first code: %v", err)
	}
	codes := b.submit("/account/security/phone/confirm", shown, "flow", hidden(t, shown, "flow"), "code", text.Code)
	if codes.Code != 200 || strings.Count(codes.Body.String(), "<code>") != 10 {
		t.Fatalf("no recovery codes beside it: %d %s", codes.Code, codes.Body)
	}
	c := w.tab(t)
	second := c.password("/account/sessions")
	if body := second.Body.String(); !strings.Contains(body, `id="send-code"`) || !strings.Contains(body, `id="way-recovery"`) || strings.Contains(tags.ReplaceAllString(body, ""), "567") {
		t.Fatalf("%s", body)
	}
	to := c.submit("/login/second/send", second, "flow", hidden(t, second, "flow"), "code", "")
	if u := to.to(t); u.Path != "/login/second" {
		t.Fatalf("leads to %s", u)
	}
	second = c.get("/login/second")
	if !strings.Contains(html.UnescapeString(second.Body.String()), "+49 … 567") {
		t.Errorf("it does not say where the code went")
	}
	code := w.texted(t, kimsNumber).Code
	if wrong := c.typed(second, "code", "00000000"); wrong.Code != 422 || !strings.Contains(wrong.Body.String(), `id="send-code"`) {
		t.Errorf("a wrong code: %d", wrong.Code)
	}
	if done := c.typed(second, "code", code); done.Code != 303 || !c.signedIn() {
		t.Fatalf("%d %s", done.Code, done.Body)
	}
	page = b.get("/account/security")
	asked = b.submit("/account/security/phone/remove", page, "id", hidden(t, page, "id"))
	if alone := prove(asked, "password", rightPassword); alone.Code != 403 {
		t.Errorf("removed by the password alone: %d", alone.Code)
	}
	asked = b.submit("/account/confirm/send", asked, "flow", hidden(t, asked, "flow"))
	if !strings.Contains(asked.Body.String(), `id="sent"`) {
		t.Fatalf("%d %s", asked.Code, asked.Body)
	}
	if done := prove(asked, "password", rightPassword, "code", w.texted(t, kimsNumber).Code); done.Code != 303 {
		t.Fatalf("not removed: %d %s", done.Code, done.Body)
	}
	for _, name := range []string{tel.Added.String(), tel.Removed.String(), tel.CodeSent.String()} {
		if !w.has(t, name, w.kim.ID.String()) {
			t.Errorf("no event %s", name)
		}
	}
	told := 0
	for _, l := range w.box.List() {
		if l.To == kimsMail && strings.Contains(l.Text, "+49 … 567") {
			told++
		}
	}
	for told < 2 {
		if l := w.letter(t, kimsMail); strings.Contains(l.Text, "+49 … 567") {
			told++
		}
	}
	for _, ev := range w.events(t, tel.CodeSent.String()) {
		if strings.Contains(fmt.Sprint(ev), "1234567") {
			t.Errorf("the log tells the number: %+v", ev)
		}
	}
}

// Whoever gets no text messages is called instead, wherever the pages send codes, and told
// so.
func TestCallsByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t, withPhones).running(t).begun(t).world(t).codeClients(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	called := func(shown answer, id string) string {
		t.Helper()
		text := w.texted(t, kimsNumber)
		if body := html.UnescapeString(shown.Body.String()); text.Channel != mail.Voice || !strings.Contains(body, "You are being called at +49 … 567") || id != "" && !strings.Contains(body, `id="`+id+`"`) {
			t.Fatalf("%s: %d %s", text.Channel, shown.Code, body)
		}
		return text.Code
	}
	page := b.get("/account/security")
	asked := b.submit("/account/security/phone/add", page, "phone-number", kimsNumber, "channel", "voice")
	shown := b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow"), "password", rightPassword)
	if done := b.submit("/account/security/phone/confirm", shown, "flow", hidden(t, shown, "flow"), "code", called(shown, "")); done.Code != 200 {
		t.Fatalf("%d %s", done.Code, done.Body)
	}
	c := w.tab(t)
	second := c.password("/account/sessions")
	c.submit("/login/second/send", second, "flow", hidden(t, second, "flow"), "channel", "voice")
	second = c.get("/login/second")
	if done := c.typed(second, "code", called(second, "call")); done.Code != 303 || !c.signedIn() {
		t.Fatalf("%d %s", done.Code, done.Body)
	}
	page = b.get("/account/security")
	asked = b.submit("/account/security/phone/remove", page, "id", hidden(t, page, "id"))
	called(b.submit("/account/confirm/send", asked, "flow", hidden(t, asked, "flow"), "channel", "voice"), "call")
	called(b.submit("/login/again/send", b.get("/login?again=1"), "channel", "voice"), "call")
}

// A house without calls offers none, and refuses who asks all the same.
func TestNoCallsByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t, withPhones, func(c *Config) { c.Phones.Voice = false }).running(t).begun(t).world(t).codeClients(t)
	b := w.tab(t)
	b.signIn(b.want(wanting("house"))).back(t)
	page := b.get("/account/security")
	if strings.Contains(page.Body.String(), "add-by-call") {
		t.Error("a call is offered")
	}
	asked := b.submit("/account/security/phone/add", page, "phone-number", kimsNumber, "channel", "voice")
	bad := b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow"), "password", rightPassword)
	if _, sent := w.box.Last(kimsNumber); sent || bad.Code != 422 || !strings.Contains(bad.Body.String(), "phone_no_calls") {
		t.Errorf("%d %s", bad.Code, bad.Body)
	}
}

// PW-42 PW-47 TH-34: a code is good for the sign-in, or the session, that it was sent
// for, once; its session says how.
func TestPhoneCodesAreBound(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st, withPhones).running(t)
		r.person(t, kimsMail)
		by := inSession(r.signIn(t, kimsMail))
		r.withPhone(t, by)
		send := func(half signin.Result, voice bool) secret.Text {
			t.Helper()
			n, err := r.SignIn.SendCode(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow}, voice)
			if err != nil || n != kimsNumber {
				t.Fatal(n, err)
			}
			return secret.NewText(r.texted(t, kimsNumber).Code)
		}
		one, two := r.half(t, kimsMail), r.half(t, kimsMail)
		if strings.Join(one.Next, " ") != "sms recovery" {
			t.Errorf("next %v", one.Next)
		}
		code := send(one, false)
		if _, err := r.second(t, two, signin.Response{OTP: code}); !errors.Is(err, signin.ErrSecond) {
			t.Errorf("the code of another sign-in: %v", err)
		}
		if _, err := r.SignIn.ConfirmFully(t.Context(), by, signin.Response{Password: secret.NewText(rightPassword), OTP: code}); !errors.Is(err, signin.ErrSecond) {
			t.Errorf("the code of a sign-in for an act: %v", err)
		}
		newer := send(one, true)
		if _, err := r.second(t, one, signin.Response{OTP: code}); !errors.Is(err, signin.ErrSecond) {
			t.Errorf("the replaced code: %v", err)
		}
		var methods atomic.Value
		if won := winners(20, func(int) error {
			res, err := r.second(t, one, signin.Response{OTP: newer})
			if err == nil {
				methods.Store(strings.Join(res.Session.Methods, " ") + fmt.Sprint(res.Session.Assurance))
			}
			return err
		}); won != 1 || methods.Load() != "pwd tel mfa2" {
			t.Errorf("%d won, by %v", won, methods.Load())
		}
		n, err := r.SignIn.SendProof(t.Context(), by, "en", false)
		if err != nil || n != kimsNumber {
			t.Fatal(n, err)
		}
		act := signin.Response{Password: secret.NewText(rightPassword), OTP: secret.NewText(r.texted(t, kimsNumber).Code)}
		other := by
		other.Session = "ses_0000000000000000000000000a"
		if _, err := r.SignIn.ConfirmFully(t.Context(), other, act); err == nil {
			t.Error("in another session")
		}
		if _, err := r.SignIn.ConfirmFully(t.Context(), by, act); err != nil {
			t.Errorf("an act: %v", err)
		}
		if _, err := r.SignIn.ConfirmFully(t.Context(), by, act); !errors.Is(err, signin.ErrSecond) {
			t.Errorf("twice: %v", err)
		}
		late := r.half(t, kimsMail)
		code = send(late, false)
		r.clock.Advance(challenge.Life)
		if _, err := r.second(t, late, signin.Response{OTP: code}); !errors.Is(err, signin.ErrFlow) {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

// PW-46 PW-48 V6.6.1: beside an authenticator app a phone is no way in, and none can
// be added; without codes by phone it stays asked for, and recovery codes help.
func TestPhoneIsNoWayAroundAnApp(t *testing.T) {
	t.Parallel()
	r := newRig(t, withPhones).running(t)
	u := r.person(t, kimsMail)
	by := inSession(r.signIn(t, kimsMail))
	_, codes := r.withPhone(t, by)
	off := r.SignIn
	without, err := instanceOn(t, r.store, r.clock, r.c.SecretKey) // the operator switches them off
	if err != nil {
		t.Fatal(err)
	}
	r.SignIn = without.SignIn
	half := r.half(t, kimsMail)
	if _, err := r.SignIn.SendCode(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow}, false); !errors.Is(err, tel.ErrOff) {
		t.Errorf("switched off: %v", err)
	}
	if res, err := r.second(t, half, signin.Response{Recovery: codes[0]}); err != nil || !res.Complete() {
		t.Errorf("a recovery code: %v", err)
	}
	r.SignIn = off
	app := r.enrol(t, by, factor.Proof{Password: secret.NewText(rightPassword), Code: codes[1]})
	half = r.half(t, kimsMail)
	if strings.Contains(strings.Join(half.Next, " "), "sms") {
		t.Errorf("next %v", half.Next)
	}
	if _, err := r.SignIn.SendCode(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow}, false); !errors.Is(err, tel.ErrUnknown) {
		t.Errorf("beside an app: %v", err)
	}
	_, err = r.Factors.BeginPhone(t.Context(), by, factor.Proof{Password: secret.NewText(rightPassword), Code: app.code()}, "+491719999999", false, "en")
	if !errors.Is(err, tel.ErrStronger) {
		t.Errorf("another phone: %v", err)
	}
	must(t, r.Factors.RemoveFor(t.Context(), user.Host(), u.ID, app.id))
	if half = r.half(t, kimsMail); strings.Join(half.Next, " ") != "sms recovery" {
		t.Errorf("without the app: %v", half.Next)
	}
}

// PW-48 (lessons row 10): floods meet the account's rate, the number's day and the
// hard cap of the day, whoever asks; what was refused was not sent.
func TestPhoneBudgets(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) {
		unlimitedRates(c)
		c.Phones = Phones{Driver: "mailbox", PerNumber: 4, Spend: 700, Prices: []string{"+49=75", "+1=100"}, Prefixes: []string{"+49", "+1"}}
	}).running(t)
	begin := func(email, number string) error {
		by := inSession(r.signIn(t, email))
		_, err := r.Factors.BeginPhone(t.Context(), by, factor.Proof{Password: secret.NewText(rightPassword)}, number, false, "en")
		return err
	}
	for i := range 8 {
		r.person(t, fmt.Sprintf("p%d@mail.org", i))
	}
	if err := begin("p0@mail.org", "+33612345678"); !errors.Is(err, tel.ErrRegion) {
		t.Errorf("a country that is not allowed: %v", err)
	}
	if err := begin("p0@mail.org", "+1 900 555 2671"); !errors.Is(err, tel.ErrPremium) {
		t.Errorf("a premium number: %v", err)
	}
	for i := range 6 {
		if err := begin(fmt.Sprintf("p%d@mail.org", i), kimsNumber); (err == nil) != (i < 4) || i >= 4 && !errors.Is(err, tel.ErrBudget) {
			t.Errorf("message %d to one number: %v", i, err)
		}
	}
	for i := range 6 {
		if err := begin("p6@mail.org", fmt.Sprintf("+1415555267%d", i)); (err == nil) != (i < 4) || i >= 4 && !errors.Is(err, tel.ErrBudget) {
			t.Errorf("message %d, of 300 and %d00: %v", i, i, err)
		}
	}
	spent, err := r.store.Phones().Spent(t.Context(), tel.Day(r.now()), "spend")
	if err != nil || spent != 700 {
		t.Errorf("%d spent (%v)", spent, err)
	}
	if len(r.events(t, tel.Spent.String())) == 0 {
		t.Error("nobody is told that the budget is spent")
	}
	r.clock.Advance(24 * time.Hour)
	if err := begin("p7@mail.org", kimsNumber); err != nil {
		t.Errorf("the next day: %v", err)
	}

	usual := newRig(t, func(c *Config) { c.Phones.Driver = "mailbox" }).running(t)
	usual.person(t, kimsMail)
	by := inSession(usual.signIn(t, kimsMail))
	for i := range 4 {
		_, err := usual.Factors.BeginPhone(t.Context(), by, factor.Proof{Password: secret.NewText(rightPassword)}, fmt.Sprintf("+4917112345%d7", i), false, "en")
		if (err == nil) != (i < 3) || i == 3 && !errors.Is(err, ratelimit.ErrLimited) {
			t.Errorf("message %d of one account: %v", i, err)
		}
	}
}

// PW-48 TH-34: the same without pages, and the host's removal.
func TestPhoneHeadless(t *testing.T) {
	t.Parallel()
	w := newRig(t, withPhones).running(t).begun(t).world(t)
	session := w.signIn(t, kimsMail)
	call := func(method, path, body string) answer {
		return w.do(t, ask{method, "/api/v1" + path, body, map[string]string{
			"Content-Type": "application/json", "Origin": selfURI, "Sec-Fetch-Site": "same-origin", "Cookie": w.Frame.Names().Session + "=" + session.Secret.Reveal(),
		}})
	}
	call("POST", "/me/factors/phone", `{"number":"`+kimsNumber+`"}`).want(t, 403, "confirmation_required")
	added := call("POST", "/me/factors/phone", `{"number":"`+kimsNumber+`","current_password":"`+rightPassword+`"}`).want(t, 200, "")
	call("POST", "/me/factors/phone/"+added.text("id")+"/confirm", `{"code":"00000000"}`).want(t, 422, "phone_code_wrong")
	done := call("POST", "/me/factors/phone/"+added.text("id")+"/confirm", `{"code":"`+w.texted(t, kimsNumber).Code+`"}`).want(t, 200, "")
	if len(texts(done.json["recovery_codes"])) != 10 {
		t.Errorf("%s", done.Body)
	}
	list := call("GET", "/me/factors", "").want(t, 200, "").Body.String()
	if !strings.Contains(list, `"restricted":true`) || !strings.Contains(list, "+49 … 567") || strings.Contains(list, "1234567") {
		t.Errorf("%s", list)
	}
	w.clock.Advance(time.Second)
	half := w.headless(t, "phone", "", "resource", apiURI).want(t, 200, "")
	if strings.Join(texts(half.json["next"]), " ") != "sms recovery" {
		t.Fatalf("%s", half.Body)
	}
	send := ask{"POST", "/api/v1/signin/phone", `{"flow":"` + half.text("flow") + `","channel":"voice"}`, map[string]string{"Content-Type": "application/json"}}
	if sent := w.do(t, send).want(t, 200, ""); sent.text("to") != "+49 … 567" {
		t.Errorf("%s", sent.Body)
	}
	spoken := w.texted(t, kimsNumber)
	if spoken.Channel != mail.Voice || !strings.Contains(spoken.Text, strings.Join(strings.Split(spoken.Code, ""), ", ")) {
		t.Errorf("%+v", spoken)
	}
	w.headless(t, "phone", "", "password", "", "identifier", "", "flow", half.text("flow"), "otp", spoken.Code, "resource", apiURI).want(t, 200, "")
	send.body = `{"flow":"` + secret.New(challenge.Purpose).Reveal() + `"}`
	w.do(t, send).want(t, 410, "flow_ended")
	id, err := tel.ParseID(added.text("id"))
	must(t, err)
	must(t, w.Factors.RemovePhoneFor(t.Context(), user.Host(), w.kim.ID, id))
	w.clock.Advance(time.Second)
	w.headless(t, "phone", "", "resource", apiURI).want(t, 200, "")
}

// PW-48: through the provider's interface a message is tried once, whatever it
// answers, and never again by a process that comes after a crash.
func TestPhoneProviderIsAskedOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if who, pass, _ := r.BasicAuth(); who != "AC1" || pass != "hush" || r.FormValue("To") != kimsNumber {
			t.Errorf("%s %s %v", who, pass, r.Form)
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(provider.Close)
	r := newRig(t, func(c *Config) {
		c.EgressAllow = []string{provider.URL + "/"}
		c.Phones = Phones{Driver: "twilio", URL: provider.URL, Account: "AC1", Token: "hush", From: "+15005550006"}
	}).running(t)
	r.person(t, kimsMail)
	_, err := r.Factors.BeginPhone(t.Context(), inSession(r.signIn(t, kimsMail)), factor.Proof{Password: secret.NewText(rightPassword)}, kimsNumber, false, "en")
	must(t, err)
	for {
		d, err := r.store.Mail().Depth(t.Context(), r.now())
		must(t, err)
		if d.Dead == 1 {
			break
		}
		select {
		case <-t.Context().Done():
			t.Fatal("never given up")
		case <-time.After(10 * time.Millisecond):
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	sender, err := r.withPhones(r.box)
	must(t, err)
	old := mail.Letter{Channel: mail.SMS, To: kimsNumber, Text: "1", CreatedAt: r.now().Add(-3 * time.Minute)}
	if err := sender.Send(context.Background(), old); !errors.Is(err, mail.ErrPermanent) || asked.Load() != 1 {
		t.Errorf("an old message: %v", err)
	}
	if _, err := New(t.Context(), Config{URL: "https://id.example.org", SecretKey: "x", Phones: Phones{Driver: "twilio"}}, r.store); err == nil || !strings.Contains(err.Error(), "phone.account") {
		t.Errorf("without an account: %v", err)
	}
}
