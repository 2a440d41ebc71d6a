package app

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// asked asks for a mail from a source; typed answers with what came.
func (r *rig) asked(t *testing.T, email, ip string) secret.Token {
	t.Helper()
	res, err := r.SignIn.AskByMail(t.Context(), signin.Request{By: from(ip), Identifier: email})
	if err != nil || !res.NeedCode || res.Complete() {
		t.Fatalf("ask: %v", err)
	}
	return res.Flow
}

// letterOf is the mail that a flow was asked for; mails overtake each other.
func (r *rig) letterOf(t *testing.T, to string, flow secret.Token) mail.Entry {
	t.Helper()
	for {
		l := r.letterAt(t, to, "/magic")
		if about, err := r.SignIn.PeekMail(t.Context(), linked(t, l, proof.Enter), flow); err == nil && about.Own {
			return l
		}
	}
}

func (r *rig) typed(t *testing.T, email, ip string, back signin.Mailed) (signin.Result, error) {
	t.Helper()
	return r.SignIn.SignIn(t.Context(), signin.Request{By: from(ip), Identifier: email, Response: signin.Response{Mailed: &back}})
}

// PW-37 PW-47: a mail is one factor. Who has a second one is asked for it, and told
// when it never came.
func TestMailIsOneFactor(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t)
	p := w.withApp(t)
	b := w.tab(t)
	shown := b.byMail(kimsMail)
	l := w.letterBy(t, kimsMail)
	half := b.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", l.Code)
	if to := half.to(t); to.Path != "/login/second" || b.signedIn() {
		t.Fatalf("leads to %s", to)
	}
	if again := w.tab(t); again.submit("/login/verify", again.get("/login"), "flow", hidden(t, shown, "flow"), "code", l.Code).Code != 422 {
		t.Error("the code of a half-done sign-in is good again")
	}
	if done := b.typed(b.get("/login/second"), "code", p.code().Reveal()); done.Code != 303 || !b.signedIn() {
		t.Fatalf("%d %s", done.Code, done.Body)
	}
	have, err := w.store.Sessions().Of(t.Context(), w.kim.ID, w.now())
	must(t, err)
	found := false
	for _, s := range have {
		found = found || s.Assurance == 2 && strings.Join(s.Methods, " ") == "otp mfa"
	}
	if !found {
		t.Errorf("%+v", have)
	}
	left := w.tab(t)
	shown = left.byMail(kimsMail)
	left.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", w.letterBy(t, kimsMail).Code).to(t)
	w.clock.Advance(challenge.Life + time.Minute)
	w.outbox.Wake()
	for {
		if l := w.letter(t, kimsMail); strings.Contains(l.Subject, "did not finish") {
			if strings.Contains(l.Text, "password of your account") {
				t.Errorf("the notice speaks of a password: %s", l.Text)
			}
			return
		}
	}
}

// PW-23 PW-31 TH-1: of fifty at once one wins, by code, by link, and by both.
func TestMailedCodeRaces(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st, withMail).running(t)
		u := r.person(t, kimsMail)
		for name, way := range map[string]func(i int, l mail.Entry, flow secret.Token) signin.Mailed{
			"code": func(_ int, l mail.Entry, flow secret.Token) signin.Mailed {
				return signin.Mailed{Flow: flow, Code: secret.NewText(l.Code)}
			},
			"link": func(_ int, l mail.Entry, flow secret.Token) signin.Mailed {
				return signin.Mailed{Flow: flow, Link: linked(t, l, proof.Enter)}
			},
			"both": func(i int, l mail.Entry, flow secret.Token) signin.Mailed {
				if i%10 == 0 {
					return signin.Mailed{Flow: flow, Code: secret.NewText(l.Code)}
				}
				return signin.Mailed{Flow: flow, Link: linked(t, l, proof.Enter)}
			},
		} {
			flow := r.asked(t, kimsMail, "198.51.100.7")
			l := r.letterAt(t, kimsMail, "/magic")
			before, err := r.store.Sessions().Of(t.Context(), u.ID, r.now())
			must(t, err)
			won := winners(50, func(i int) error {
				_, err := r.typed(t, kimsMail, "198.51.100.7", way(i, l, flow))
				return err
			})
			after, err := r.store.Sessions().Of(t.Context(), u.ID, r.now())
			must(t, err)
			if won != 1 || len(after)-len(before) != 1 {
				t.Errorf("%s: %d won, %d sessions", name, won, len(after)-len(before))
			}
		}
	})
}

// PW-23 PW-25: five tries, however many at once; the right code after them is wrong.
func TestMailedCodeTries(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail).running(t)
	r.person(t, kimsMail)
	flow := r.asked(t, kimsMail, "198.51.100.7")
	l := r.letterAt(t, kimsMail, "/magic")
	for range proof.MaxAttempts {
		if _, err := r.typed(t, kimsMail, "198.51.100.7", signin.Mailed{Flow: flow, Code: secret.NewText("00000000")}); !errors.Is(err, proof.ErrWrongCode) {
			t.Fatal(err)
		}
	}
	if _, err := r.typed(t, kimsMail, "198.51.100.7", signin.Mailed{Flow: flow, Code: secret.NewText(l.Code)}); !errors.Is(err, proof.ErrWrongCode) {
		t.Errorf("the right code after five wrong ones: %v", err)
	}
	if res, err := r.typed(t, kimsMail, "198.51.100.7", signin.Mailed{Flow: flow, Link: linked(t, l, proof.Enter)}); err != nil || !res.Complete() {
		t.Errorf("the link, which nobody can guess: %v", err)
	}
}

// PW-20 PW-21 TH-33: guesses at the password keep nobody from their mail; after a
// hundred failures a stranger's code is judged no more, for nobody either, and the
// link still is.
func TestMailedCodeAfterManyFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail).running(t)
	r.person(t, kimsMail)
	for _, email := range []string{kimsMail, "nobody@mail.org"} {
		var last error
		for try := range 3 * lockout.CodeAfter {
			ip := ipOf(try / 8)
			flow := r.asked(t, email, ip)
			if _, last = r.typed(t, email, ip, signin.Mailed{Flow: flow, Code: secret.NewText("00000000")}); errors.Is(last, signin.ErrLinkOnly) {
				if try != lockout.CodeAfter {
					t.Errorf("%s: %d codes were judged", email, try)
				}
				break
			}
		}
		if !errors.Is(last, signin.ErrLinkOnly) {
			t.Errorf("%s: %v", email, last)
		}
	}
	const mine = "192.0.2.77"
	flow := r.asked(t, kimsMail, mine)
	l := r.letterOf(t, kimsMail, flow)
	if _, err := r.typed(t, kimsMail, mine, signin.Mailed{Flow: flow, Code: secret.NewText(l.Code)}); !errors.Is(err, signin.ErrLinkOnly) {
		t.Fatalf("a right code: %v", err)
	}
	res, err := r.typed(t, kimsMail, mine, signin.Mailed{Flow: flow, Link: linked(t, l, proof.Enter)})
	if err != nil || !res.Complete() {
		t.Fatalf("the link: %v", err)
	}
}

// PW-30 PW-48: floods of asking are bounded for each mailbox and each source, and
// do not keep the owner's own device out.
func TestMailedCodeFloods(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMailLimits)
	r.person(t, kimsMail)
	known := r.signIn(t, kimsMail)
	ask := func(email, ip, device string) error {
		_, err := r.SignIn.AskByMail(t.Context(), signin.Request{By: from(ip), Identifier: email, Device: device})
		return err
	}
	for _, email := range []string{kimsMail, "nobody@mail.org"} {
		sent := 0
		for i := range 40 {
			if err := ask(email, ipOf(i/4), ""); err == nil {
				sent++
			} else if e := problem.Of(err); !errors.Is(err, ratelimit.ErrLimited) || e.RetryAfter <= 0 {
				t.Fatal(err)
			}
		}
		if sent != 10 {
			t.Errorf("%s: %d mails in a moment", email, sent)
		}
	}
	if err := ask(kimsMail, "198.51.100.7", known.Device); err != nil {
		t.Errorf("the owner's device: %v", err)
	}
	if err := ask("other@mail.org", "198.51.100.7", ""); err != nil {
		t.Errorf("another mailbox: %v", err)
	}
	alone := 0
	for i := range 100 {
		if ask(fmt.Sprintf("p%d@mail.org", i), "203.0.113.5", "") == nil {
			alone++
		}
	}
	if alone != 60 {
		t.Errorf("%d mails for one source", alone)
	}
}

// PW-24: an address of look-alike letters is another address, and an address in
// another spelling is the same one.
func TestMailedCodeLookalikes(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail).running(t)
	r.person(t, kimsMail)
	for _, alike := range []string{"k\u0456m@mail.org", "kim@ma\u0456l.org", "\u043aim@mail.org", "kim@mail.org.", "kim@mail\u2024org", "kim@mail.org@mail.org", "kim\u200b@mail.org", "kim@xn--mal-kza.org", "k\u0131m@mail.org"} {
		res, err := r.SignIn.AskByMail(t.Context(), signin.Request{By: from("198.51.100.7"), Identifier: alike})
		if err != nil || !res.NeedCode {
			t.Errorf("%q: %v", alike, err)
		}
	}
	asked := map[string]int{}
	for _, ev := range r.events(t, signin.MailAsked.String()) {
		asked[string(ev.Outcome)]++
	}
	same := 0
	for _, alike := range []string{"kim@mail.org.", "kim@mail\u2024org"} {
		if user.EmailKey(alike) == kimsMail {
			same++ // the same mailbox, written otherwise
		}
	}
	if asked["success"] != same || asked["failure"] != 9-same {
		t.Errorf("%v, of which %d are the same address", asked, same)
	}
	flow := r.asked(t, "\uff4bIM@mail.org", "198.51.100.7") // full width
	l := r.letterOf(t, kimsMail, flow)
	if res, err := r.typed(t, kimsMail, "198.51.100.7", signin.Mailed{Flow: flow, Code: secret.NewText(l.Code)}); err != nil || !res.Complete() {
		t.Errorf("the same mailbox in another spelling: %v", err)
	}
}

// PW-31 PW-33: what was mailed for one thing is good for nothing else.
func TestMailedCodeIsNoOtherCode(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail).running(t)
	r.person(t, kimsMail)
	by := from("198.51.100.7")
	enter := r.asked(t, kimsMail, "198.51.100.7")
	mine := r.letterAt(t, kimsMail, "/magic")
	lost, err := r.Account.StartRecovery(t.Context(), by, kimsMail, "en")
	must(t, err)
	recover := r.letterAt(t, kimsMail, "/recover/password")
	if mine.Subject == recover.Subject {
		t.Errorf("both mails are called %q", mine.Subject)
	}
	again := func(flow secret.Token, p secret.Purpose) secret.Token {
		t.Helper()
		same, err := secret.Parse(p, flow.Reveal())
		must(t, err)
		return same
	}
	for name, back := range map[string]signin.Mailed{
		"the code of a recovery":                {Flow: enter, Code: secret.NewText(recover.Code)},
		"a recovery, flow and code":             {Flow: again(lost, proof.Enter.FlowPurpose()), Code: secret.NewText(recover.Code)},
		"the link of a recovery":                {Flow: enter, Link: again(linked(t, recover, proof.Recover), proof.Enter.LinkPurpose())},
		"the flow's secret in the link's place": {Flow: enter, Link: again(enter, proof.Enter.LinkPurpose())},
	} {
		if _, err := r.typed(t, kimsMail, "198.51.100.7", back); !errors.Is(err, proof.ErrWrongCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Account.TradeCode(t.Context(), by, account.Answer{Flow: again(enter, proof.Recover.FlowPurpose()), Code: secret.NewText(mine.Code)}); err == nil {
		t.Error("a sign-in code resets a password")
	}
	guard := signInAs(kimsMail, "wrong but long enough", by)
	guard.Flow, guard.Code = again(enter, proof.SignIn.FlowPurpose()), secret.NewText(mine.Code)
	if _, err := r.SignIn.SignIn(t.Context(), guard); !errors.Is(err, proof.ErrWrongCode) {
		t.Errorf("a sign-in code beside a password: %v", err)
	}
	r.person(t, "eve@mail.org")
	if _, err := r.typed(t, "eve@mail.org", "198.51.100.7", signin.Mailed{Flow: enter, Code: secret.NewText(mine.Code)}); !errors.Is(err, proof.ErrWrongCode) {
		t.Errorf("for another account: %v", err)
	}
}

// TH-1: what happens to the account between the mail and its use wins.
func TestMailedCodeAgainstActs(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*testing.T, *rig, user.User){
		"ban": func(t *testing.T, r *rig, u user.User) {
			must(t, r.Directory.Disable(t.Context(), user.Host(), u.ID, ""))
		},
		"ban and back": func(t *testing.T, r *rig, u user.User) {
			must(t, r.Directory.Disable(t.Context(), user.Host(), u.ID, ""))
			must(t, r.Directory.Enable(t.Context(), user.Host(), u.ID))
		},
		"end all": func(t *testing.T, r *rig, u user.User) {
			_, err := r.Directory.EndSessions(t.Context(), user.Host(), u.ID)
			must(t, err)
		},
		"deletion": func(t *testing.T, r *rig, u user.User) {
			must(t, r.Directory.DeleteUser(t.Context(), user.Host(), u.ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, withMail).running(t)
			u := r.person(t, kimsMail)
			flow := r.asked(t, kimsMail, "198.51.100.7")
			l := r.letterAt(t, kimsMail, "/magic")
			act(t, r, u)
			for _, back := range []signin.Mailed{{Flow: flow, Code: secret.NewText(l.Code)}, {Flow: flow, Link: linked(t, l, proof.Enter)}} {
				if res, err := r.typed(t, kimsMail, "198.51.100.7", back); !errors.Is(err, proof.ErrWrongCode) || res.Complete() {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

// PW-37: unless the operator wants it, nobody signs in by mail.
func TestMailedCodesOff(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	b := w.tab(t)
	login := b.get("/login")
	if strings.Contains(login.Body.String(), "mail-code") {
		t.Error("it is offered")
	}
	if got := b.submit("/login/mail", login, "identifier", kimsMail, "password", ""); got.Code != 403 || !strings.Contains(got.Body.String(), "email_codes_off") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	w.headless(t, "phone", "", "password", "", "method", "email_code").want(t, 403, "email_codes_off")
	w.headless(t, "phone", "", "password", "", "method", "email_code", "code", "12345678", "flow", secret.New(proof.Enter.FlowPurpose()).Reveal()).want(t, 403, "email_codes_off")
}

// TH-34 PW-37: the same without pages, for programs and for browsers.
func TestMailedCodeHeadless(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t)
	asked := w.headless(t, "phone", "", "password", "", "method", "email_code").want(t, 200, "")
	if asked.text("status") != "continue" || strings.Join(texts(asked.json["next"]), " ") != "email_code" || asked.text("flow") == "" || asked.text("access_token") != "" {
		t.Fatalf("%s", asked.Body)
	}
	code := w.letterBy(t, kimsMail).Code
	step := []string{"password", "", "method", "email_code", "flow", asked.text("flow"), "code", code, "resource", apiURI, "scope", "read openid"}
	w.headless(t, "phone", "", append(step, "identifier", "eve@mail.org")...).want(t, 422, "wrong_code")
	w.headless(t, "phone", "", append(step, "code", "00000000")...).want(t, 422, "wrong_code")
	w.headless(t, "phone", "", append(step, "password", rightPassword)...).want(t, 422, "invalid_members")
	w.headless(t, "third", "", step...).want(t, 403, "client_not_first_party")
	done := w.headless(t, "phone", "", step...).want(t, 200, "")
	claims := w.id(t, done.text("id_token"))
	if done.text("status") != "complete" || claims["acr"] != "1" || strings.Join(texts(claims["amr"]), " ") != "otp" {
		t.Fatalf("%s %v", done.Body, claims)
	}
	w.headless(t, "phone", "", step...).want(t, 422, "wrong_code")

	nobody := w.headless(t, "phone", "", "password", "", "method", "email_code", "identifier", "nobody@mail.org").want(t, 200, "")
	if len(nobody.Body.String()) != len(asked.Body.String()) {
		t.Errorf("%s\n%s", nobody.Body, asked.Body)
	}
	browser := ask{"POST", "/api/v1/signin", `{"identifier":"kim@mail.org","method":"email_code"}`, map[string]string{
		"Content-Type": "application/json", "Origin": selfURI, "Sec-Fetch-Site": "same-origin",
	}}
	half := w.do(t, browser).want(t, 200, "")
	c, ok := half.cookie(w.Frame.Names().Flow)
	if !ok || half.text("flow") != "" {
		t.Fatalf("%v %s", half.Header(), half.Body)
	}
	browser.body = `{"identifier":"kim@mail.org","method":"email_code","code":"` + w.letterBy(t, kimsMail).Code + `"}`
	w.do(t, browser).want(t, 422, "wrong_code") // without the cookie
	browser.head["Cookie"] = c.Name + "=" + c.Value
	whole := w.do(t, browser).want(t, 200, "")
	if _, ok := whole.cookie(w.Frame.Names().Session); !ok || whole.text("status") != "complete" {
		t.Fatalf("%v %s", whole.Header(), whole.Body)
	}
}
