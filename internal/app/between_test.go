package app

import (
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-46 PW-54 TH-36: a session that a remembered device let in is no
// proof for a passkey that is made silently; one of both steps is.
func TestNoPasskeyByOneStepOfTwo(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail)
	_, p := r.enrolled(t, "kim@example.org")
	r.asks(t, policy.Policy{Assurance: 1, Remember: 7 * policy.Day})
	half := r.half(t, "kim@example.org")
	kept, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Remember: true, Response: signin.Response{OTP: p.code()}})
	must(t, err)
	weak := r.try(t, "kim@example.org", "", kept.Trusted)
	r.person(t, "eve@example.org")
	plain := r.signIn(t, "eve@example.org")
	for _, one := range []struct {
		name string
		by   signin.Result
		want bool
	}{{"both steps", kept, true}, {"a remembered device", weak, false}, {"one step of one", plain, true}} {
		if _, got, err := r.Account.OfferUpgrade(t.Context(), inSession(one.by)); err != nil || got != one.want {
			t.Errorf("%s: offered %v (%v)", one.name, got, err)
		}
	}
}

// TH-33 PW-20: guesses of strangers close one way; its owner opens it again by a passkey
// also where that is the whole sign-in.
func TestPasskeyForgivesGuesses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u, p := r.enrolled(t, "kim@example.org")
	done, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{OTP: p.code()})
	must(t, err)
	key, _ := r.keyed(t, inSession(done), account.Proof{Password: secret.NewText(rightPassword), Code: p.codes[0]})
	for range challenge.StrangerGuesses {
		_, err := r.store.Challenges().Guess(t.Context(), u.ID, "otp", challenge.StrangerGuesses, r.now())
		must(t, err)
	}
	_, err = r.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.7"), Response: signin.Response{Passkey: r.asserted(t, key)}})
	must(t, err)
	r.clock.Advance(totp.Period)
	if _, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{OTP: p.code()}); err != nil {
		t.Errorf("the code after the passkey: %v", err)
	}
}

// PW-47: what a client asks of a sign-in is asked of one by mail too, in that sign-in.
func TestClientAsksOfMailedCode(t *testing.T) {
	t.Parallel()
	w := newMailWorld(t)
	w.codeClient(t, "bank", func(c *client.Client) { c.FirstParty, c.Assurance = true, 2 })
	b := w.tab(t)
	back := b.want(wanting("bank")).to(t).Query().Get("return_to")
	shown := b.byMail(kimsMail, "return_to", back)
	l := w.letterBy(t, kimsMail)
	if to := b.submit("/login/verify", shown, "flow", hidden(t, shown, "flow"), "code", l.Code).to(t); to.Path != "/login/enrol" || b.signedIn() {
		t.Errorf("leads to %s", to)
	}
}

// PW-47: and of one by another service.
func TestClientAsksOfService(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-new", "email", "new@mail.org")
	a.codeClient(t, "bank", func(c *client.Client) { c.FirstParty, c.Assurance = true, 2 })
	b := a.tab(t)
	back := b.want(wanting("bank")).to(t).Query().Get("return_to")
	state := b.away("/federation/acme/start?return_to=" + strings.NewReplacer("/", "%2F", "?", "%3F", "=", "%3D", "&", "%26").Replace(back))
	if to := b.home("acme", state, "kim").to(t); to.Path != "/login/enrol" || b.signedIn() {
		t.Errorf("leads to %s", to)
	}
}

// PW-47: a client that asks for more than it did gets no more tokens of weaker sign-ins;
// nothing else happens to these.
func TestRefreshObeysTheClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.headless(t, "phone", "", "resource", apiURI).want(t, 200, "").text("refresh_token")
	asks := func(level int) {
		t.Helper()
		c, err := w.Directory.Client(t.Context(), user.Host(), "phone")
		must(t, err)
		c.Assurance = level
		_, err = w.Directory.UpdateClient(t.Context(), user.Host(), c)
		must(t, err)
	}
	asks(2)
	if got := w.renew(t, "phone", token); got.Code != 400 || got.text("error") != "invalid_grant" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	asks(0)
	w.renew(t, "phone", token).want(t, 200, "")
}

// PW-46 TH-41: a link that waits for a proof takes no sign-in for one that a remembered
// device let in.
func TestNoLinkByRememberedDevice(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	a.asks(t, policy.Policy{Assurance: 2, Remember: 30 * policy.Day})
	b := a.tab(t)
	choice := b.enrolling("/account")
	offer := b.submit("/login/enrol/app", choice, "flow", hidden(t, choice, "flow"))
	b.submit("/login/enrol", offer, "flow", hidden(t, offer, "flow"), "enrolment", hidden(t, offer, "enrolment"), "code", b.codeOf(offer), "remember-device", "yes")
	b.submit("/logout", b.get("/logout"))
	state := b.away("/federation/acme/start")
	if to := b.home("acme", state, "kim").to(t); to.Path != "/login/link" {
		t.Fatalf("leads to %s", to)
	}
	a.clock.Advance(totp.Period)
	b.submit("/login", b.get("/login"), "identifier", kimsMail, "password", rightPassword).to(t)
	b.mustBe(a.kim.ID.String())
	asked := b.get("/account/connections/link").says(t, 200, `id="password"`)
	b.submit("/account/confirm", asked, "flow", hidden(t, asked, "flow")).says(t, 403, "confirmation_required")
	if n := len(a.links(t, a.kim.ID.String())); n != 0 {
		t.Error("linked by a session of one step")
	}
}
