package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// keyless asks for an account without a password and returns what the mail brings.
func (r *rig) keyless(t *testing.T, email string) account.Answer {
	t.Helper()
	flow, err := r.Account.StartSignUp(t.Context(), account.SignUp{By: from("198.51.100.8"), Name: "Kim", Email: email, Passkey: true, Lang: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return account.Answer{Flow: flow, Code: r.code(t, email)}
}

func (r *rig) finishKeyless(t *testing.T, a account.Answer, c account.Chosen) (account.SignedUp, error) {
	t.Helper()
	return r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), a, c)
}

func (r *rig) answered(t *testing.T, key *authenticator.Authenticator, ask *passkey.CreationOptions) account.Chosen {
	t.Helper()
	answer, err := key.Create(ask)
	if err != nil {
		t.Fatal(err)
	}
	return account.Chosen{Passkey: answer}
}

// keyOnly is somebody who signed up with a passkey alone, signed in by it.
func (r *rig) keyOnly(t *testing.T, email string) (user.Caller, *authenticator.Authenticator) {
	t.Helper()
	key := authenticator.New(r.Passkeys.Site().Origins[0])
	a := r.keyless(t, email)
	asked, err := r.finishKeyless(t, a, account.Chosen{})
	if err != nil || asked.Ask == nil {
		t.Fatal(asked, err)
	}
	if _, err := r.finishKeyless(t, a, r.answered(t, key, asked.Ask)); err != nil {
		t.Fatal(err)
	}
	return inSession(r.byPasskey(t, key)), key
}

func (r *rig) byPasskey(t *testing.T, key *authenticator.Authenticator) signin.Result {
	t.Helper()
	res, err := r.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.7"), Response: signin.Response{Passkey: r.asserted(t, key)}})
	if err != nil || !res.Complete() {
		t.Fatal(res, err)
	}
	return res
}

// told waits for a mail with those words as its subject.
func (r *rig) told(t *testing.T, to, subject string) mail.Entry {
	t.Helper()
	for {
		if l := r.letter(t, to); strings.Contains(l.Subject, subject) {
			return l
		}
	}
}

// PW-36 PW-60 PW-63 TH-41: an account is made with a passkey and nothing else, by
// whoever shows that the address is theirs, once.
func TestSignUpByPasskey(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	a := r.keyless(t, "new@mail.org")
	asked, err := r.finishKeyless(t, a, account.Chosen{})
	if err != nil || asked.Ask == nil || !asked.User.ID.IsZero() {
		t.Fatalf("%+v, %v", asked, err)
	}
	if asked.Ask.User.Name != "new@mail.org" || asked.Ask.Selection.UserVerification != "required" {
		t.Errorf("asked %+v", asked.Ask)
	}
	again, err := r.finishKeyless(t, a, account.Chosen{})
	if err != nil || again.Ask.User.ID != asked.Ask.User.ID || again.Ask.Challenge == asked.Ask.Challenge {
		t.Errorf("asked again: %+v, %v", again.Ask, err)
	}
	// The question of another's sign-up, one of a session, and a key that verifies nobody.
	other, err := r.finishKeyless(t, r.keyless(t, "other@mail.org"), account.Chosen{})
	if err != nil {
		t.Fatal(err)
	}
	key := authenticator.New(r.Passkeys.Site().Origins[0])
	got, err := r.finishKeyless(t, a, r.answered(t, key, other.Ask))
	if !errors.Is(err, passkey.ErrChallenge) || got.Ask == nil {
		t.Errorf("another's question: %v", err)
	}
	r.person(t, "eve@example.org")
	offered, err := r.Account.OfferPasskey(t.Context(), inSession(r.signIn(t, "eve@example.org")), account.Proof{Password: secret.NewText(rightPassword)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.finishKeyless(t, a, r.answered(t, key, &offered)); !errors.Is(err, passkey.ErrChallenge) {
		t.Errorf("a session's question: %v", err)
	}
	a = r.keyless(t, "new@mail.org") // five tries of a code are used up
	if asked, err = r.finishKeyless(t, a, account.Chosen{}); err != nil {
		t.Fatal(err)
	}
	key.Verifies = false
	if got, err = r.finishKeyless(t, a, r.answered(t, key, asked.Ask)); !errors.Is(err, passkey.ErrRefused) || got.Ask == nil {
		t.Fatalf("not verified: %v", err)
	}
	key.Verifies = true
	chosen := r.answered(t, key, got.Ask)
	made, err := r.finishKeyless(t, a, chosen)
	if err != nil || made.Ask != nil {
		t.Fatal(made, err)
	}
	if _, err := r.finishKeyless(t, a, chosen); err == nil {
		t.Error("the same answer made two accounts")
	}
	res := r.byPasskey(t, key)
	if res.User.ID != made.User.ID || res.Session.Assurance != 2 {
		t.Errorf("%+v", res.Session)
	}
	if r.canSignIn(t, "new@mail.org", rightPassword, "203.0.113.1") {
		t.Error("a password opens the account")
	}
	if since, _, err := r.Account.PasswordState(t.Context(), inSession(res)); err != nil || !since.IsZero() {
		t.Error(since, err)
	}
	for _, name := range []string{"user.created", "passkey.added"} {
		if !r.has(t, name, made.User.ID.String()) {
			t.Errorf("no %s", name)
		}
	}
}

// TH-41: by the link in a browser that did not ask, the passkey of whoever reads the
// mail takes the place of the password that a stranger chose; in one's own browser it
// stands beside one's own.
func TestSignUpByLinkAndPasskey(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	finish := func(email string, asked bool) {
		flow, err := r.Account.StartSignUp(t.Context(), account.SignUp{By: from("203.0.113.66"), Name: "Kim", Email: email, Password: secret.NewText(otherPassword), Lang: "en"})
		if err != nil {
			t.Fatal(err)
		}
		a := account.Answer{Link: linked(t, r.letterAt(t, email, "/verify"), proof.SignUp)}
		if asked {
			a.Flow = flow
		}
		about, err := r.Account.Peek(t.Context(), proof.SignUp, a)
		if err != nil || about.Keyless || about.Ask == nil {
			t.Fatal(about, err)
		}
		key := authenticator.New(r.Passkeys.Site().Origins[0])
		if _, err := r.finishKeyless(t, a, r.answered(t, key, about.Ask)); err != nil {
			t.Fatal(err)
		}
		r.byPasskey(t, key)
		if r.canSignIn(t, email, otherPassword, "203.0.113.67") != asked {
			t.Errorf("asked %v: the password", asked)
		}
	}
	finish("victim@mail.org", false)
	finish("own@mail.org", true)
}

// TH-42 PW-33: no mail makes a password for an account that passkeys alone open; its
// owner does, with a passkey.
func TestPasskeyOnlyRecovery(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	by, key := r.keyOnly(t, "kim@mail.org")
	if _, err := r.Account.StartRecovery(t.Context(), from("203.0.113.5"), "kim@mail.org", "en"); err != nil {
		t.Fatal(err)
	}
	told := r.told(t, "kim@mail.org", "has no password") // it begins a recovery that waits
	if err := r.finish(t, account.Answer{Link: linked(t, told, proof.Recover)}, otherPassword); !errors.Is(err, account.ErrPasskeysOnly) {
		t.Errorf("the mailed link: %v", err)
	}
	link, _, err := r.Directory.RecoveryLink(t.Context(), user.Host(), by.User)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.finish(t, account.Answer{Link: linked(t, mail.Entry{Links: []string{link}}, proof.Recover)}, otherPassword); !errors.Is(err, account.ErrPasskeysOnly) {
		t.Errorf("an administrator's link: %v", err)
	}
	by = inSession(r.byPasskey(t, key))
	first := account.PasswordChange{By: by, Current: account.Proof{Passkey: r.confirmed(t, by, key)}, New: secret.NewText(otherPassword)}
	if err := r.Account.ChangePassword(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if !r.has(t, "password.set", by.User.String()) || !r.canSignIn(t, "kim@mail.org", otherPassword, "203.0.113.5") {
		t.Error("no password")
	}
	// Now there is one to reset, and one to change by passkey.
	_, flow, code := r.recovery(t, "kim@mail.org", "203.0.113.5")
	if err := r.finish(t, account.Answer{Flow: flow, Code: code}, rightPassword); err != nil {
		t.Fatal(err)
	}
	by = inSession(r.byPasskey(t, key))
	first = account.PasswordChange{By: by, Current: account.Proof{Passkey: r.confirmed(t, by, key)}, New: secret.NewText(otherPassword)}
	if err := r.Account.ChangePassword(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	// "This was not me" replaces the password that was there, and none that was not.
	_, err = r.Account.Report(t.Context(), by, "evt", "en")
	if err != nil {
		t.Fatal(err)
	}
	replace := linked(t, r.letterAt(t, "kim@mail.org", "/recover/password"), proof.Recover)
	if err := r.finish(t, account.Answer{Link: replace}, rightPassword); err != nil {
		t.Errorf("a password that was taken away: %v", err)
	}
	by = inSession(r.byPasskey(t, key))
	if err := r.Account.RemovePassword(t.Context(), by, account.Proof{Passkey: r.confirmed(t, by, key)}, "en"); err != nil {
		t.Fatal(err)
	}
	by = inSession(r.byPasskey(t, key))
	if flow, err := r.Account.Report(t.Context(), by, "evt", "en"); err != nil || !flow.IsZero() {
		t.Errorf("reported without a password: %v", err)
	}
}

// PW-72 PW-8: a password goes when passkeys are left, never the last way in.
func TestRemovePassword(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@example.org")
	known := account.Proof{Password: secret.NewText(rightPassword)}
	by := inSession(r.signIn(t, "kim@example.org"))
	if err := r.Account.RemovePassword(t.Context(), by, known, "en"); !errors.Is(err, account.ErrLastPassword) {
		t.Errorf("the only way in: %v", err)
	}
	key, k := r.keyed(t, by, known)
	if err := r.Account.RemovePassword(t.Context(), by, account.Proof{}, "en"); !errors.Is(err, signin.ErrUnconfirmed) {
		t.Errorf("without a proof: %v", err)
	}
	other := r.signIn(t, "kim@example.org")
	if err := r.Account.RemovePassword(t.Context(), by, known, "en"); err != nil {
		t.Fatal(err)
	}
	if r.opens(t, other) {
		t.Error("another session lives")
	}
	r.told(t, "kim@example.org", "password of your account was removed")
	r.clock.Advance(time.Minute)
	if r.canSignIn(t, "kim@example.org", rightPassword, "203.0.113.9") {
		t.Error("the password opens the account")
	}
	by = inSession(r.byPasskey(t, key))
	if err := r.Account.RemovePassword(t.Context(), by, account.Proof{Passkey: r.confirmed(t, by, key)}, "en"); !errors.Is(err, password.ErrNone) {
		t.Errorf("again: %v", err)
	}
	if err := r.Account.RemovePasskey(t.Context(), by, account.Proof{Passkey: r.confirmed(t, by, key)}, k.ID, "en"); !errors.Is(err, passkey.ErrLast) {
		t.Errorf("the last passkey: %v", err)
	}
}

// PW-72: of the last passkey and the password, removed at once, one stays.
func TestLastWaysRace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@example.org")
	by := inSession(r.signIn(t, "kim@example.org"))
	known := account.Proof{Password: secret.NewText(rightPassword)}
	_, k := r.keyed(t, by, known)
	won := winners(2, func(i int) error {
		if i == 0 {
			return r.Account.RemovePassword(t.Context(), by, known, "en")
		}
		return r.Account.RemovePasskey(t.Context(), by, known, k.ID, "en")
	})
	if won != 1 {
		t.Errorf("%d of 2 were removed", won)
	}
}

// TH-42: where people sign in by mail, a mailbox does not stand in for passkeys that
// alone open an account.
func TestPasskeyOnlyByMail(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail).running(t).begun(t)
	by, _ := r.keyOnly(t, "kim@mail.org")
	res, err := r.SignIn.AskByMail(t.Context(), signin.Request{By: from("203.0.113.5"), Identifier: "kim@mail.org"})
	if err != nil || !res.NeedCode {
		t.Fatalf("it answers another way: %+v, %v", res, err)
	}
	all := r.events(t, "login.mail_asked")
	if len(all) != 1 || all[0].Subject != by.User.String() || all[0].Reason != "passkeys_only" {
		t.Errorf("somebody was mailed: %+v", all)
	}
}
