package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// recovery asks for a reset from a source of its own and returns what the mail's link holds.
func (r *rig) recovery(t *testing.T, email, ip string) (link, flow secret.Token, code secret.Text) {
	t.Helper()
	flow, err := r.Account.StartRecovery(t.Context(), from(ip), email, "en")
	if err != nil {
		t.Fatal(err)
	}
	l := r.letterAt(t, email, "/recover/password")
	return linked(t, l, proof.Recover), flow, secret.NewText(l.Code)
}

func (r *rig) finish(t *testing.T, a account.Answer, text string) error {
	t.Helper()
	_, err := r.Account.FinishRecovery(t.Context(), from("198.51.100.9"), a, secret.NewText(text), "en")
	return err
}

// PW-31 PW-33 SE-26 AU-60: a reset by link: opening it changes nothing, it works
// once, ends every session, tells every verified address and signs nobody in.
func TestRecoveryByLink(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u := r.person(t, "kim@mail.org")
	second := user.Email{User: u.ID, Address: "kim@work.org", Key: "kim@work.org", VerifiedAt: r.now(), CreatedAt: r.now()}
	if err := r.store.Users().AddEmail(t.Context(), second, user.Host().Event(user.EmailAdded, r.now(), u.ID)); err != nil {
		t.Fatal(err)
	}
	before := r.signIn(t, "kim@mail.org")
	link, _, _ := r.recovery(t, "kim@mail.org", "198.51.100.8")
	for range 3 { // a mail scanner
		if _, err := r.Account.Peek(t.Context(), proof.Recover, account.Answer{Link: link}); err != nil {
			t.Fatal(err)
		}
	}
	if !r.opens(t, before) {
		t.Error("asking for a reset ended a session")
	}
	if err := r.finish(t, account.Answer{Link: link}, otherPassword); err != nil {
		t.Fatal(err)
	}
	if r.opens(t, before) {
		t.Error("a session outlived the reset")
	}
	live, err := r.store.Sessions().Of(t.Context(), u.ID, r.now())
	if err != nil || len(live) != 0 {
		t.Errorf("the reset left %d sessions (%v)", len(live), err)
	}
	if err := r.finish(t, account.Answer{Link: link}, rightPassword+"!"); !errors.Is(err, proof.ErrExpired) {
		t.Errorf("the link a second time: %v, want ErrExpired", err)
	}
	r.letter(t, "kim@work.org") // "your password was reset"
	if r.canSignIn(t, "kim@mail.org", rightPassword, "203.0.113.1") {
		t.Error("the old password still works")
	}
	r.clock.Advance(time.Minute)
	if !r.canSignIn(t, "kim@mail.org", otherPassword, "203.0.113.2") {
		t.Error("the new password does not work")
	}
	if !r.has(t, "password.reset_completed", u.ID.String()) { // AU-3
		t.Error("the reset is not in the log")
	}
}

// PW-31: of many at once one succeeds.
func TestRecoveryLinkWorksOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@mail.org")
	link, _, _ := r.recovery(t, "kim@mail.org", "198.51.100.8")
	won := winners(8, func(int) error {
		_, err := r.Account.FinishRecovery(t.Context(), from("198.51.100.9"), account.Answer{Link: link}, secret.NewText(otherPassword), "en")
		return err
	})
	if won != 1 {
		t.Errorf("%d of 8 resets with one link succeeded", won)
	}
}

// PW-31 PW-37: the newest only, an hour at most, and only for the password and
// the account it was made for.
func TestRecoveryLinkEnds(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*testing.T, *rig, user.User){
		"an hour passes": func(_ *testing.T, r *rig, _ user.User) { r.clock.Advance(time.Hour) },
		"another is asked for": func(t *testing.T, r *rig, _ user.User) {
			r.clock.Advance(time.Second)
			r.recovery(t, "kim@mail.org", "198.51.100.10")
		},
		"the password is changed": func(t *testing.T, r *rig, u user.User) {
			err := r.Account.ChangePassword(t.Context(), account.PasswordChange{
				By: user.By(u.ID, "", audit.Source{}), Current: account.Proof{Password: secret.NewText(rightPassword)}, New: secret.NewText(otherPassword), KeepOthers: true,
			})
			if err != nil {
				t.Fatal(err)
			}
		},
		"sessions are ended": func(t *testing.T, r *rig, u user.User) {
			if _, err := r.Directory.EndSessions(t.Context(), user.Host(), u.ID); err != nil {
				t.Fatal(err)
			}
		},
		"the account is suspended": func(t *testing.T, r *rig, u user.User) {
			if err := r.Directory.Disable(t.Context(), user.Host(), u.ID, "en"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).running(t)
			u := r.person(t, "kim@mail.org")
			link, _, _ := r.recovery(t, "kim@mail.org", "198.51.100.8")
			act(t, r, u)
			if err := r.finish(t, account.Answer{Link: link}, "some other thing entirely"); !errors.Is(err, proof.ErrExpired) {
				t.Errorf("%v, want ErrExpired", err)
			}
		})
	}
}

// PW-37 PW-23: the code works on another device, only with the flow secret of the
// browser that asked, five times at most.
func TestRecoveryByCode(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@mail.org")
	_, flow, code := r.recovery(t, "kim@mail.org", "198.51.100.8")
	by := from("198.51.100.9")
	if _, err := r.Account.TradeCode(t.Context(), by, account.Answer{Flow: secret.New(proof.Recover.FlowPurpose()), Code: code}); err == nil {
		t.Fatal("the code worked without the flow secret")
	}
	traded, err := r.Account.TradeCode(t.Context(), by, account.Answer{Flow: flow, Code: code})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Account.TradeCode(t.Context(), by, account.Answer{Flow: flow, Code: code}); err == nil {
		t.Error("the code was traded twice")
	}
	if err := r.finish(t, account.Answer{Link: traded}, otherPassword); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Hour)
	_, flow, code = r.recovery(t, "kim@mail.org", "198.51.100.8")
	for range proof.MaxAttempts {
		if _, err := r.Account.TradeCode(t.Context(), by, account.Answer{Flow: flow, Code: secret.NewText("00000000")}); err == nil {
			t.Fatal("a wrong code was accepted")
		}
	}
	if _, err := r.Account.TradeCode(t.Context(), by, account.Answer{Flow: flow, Code: code}); err == nil {
		t.Error("the right code worked after five wrong ones")
	}
}

// PW-30 PW-25: a reset asked for an address nobody has answers alike, and so does
// whatever is tried with that answer.
func TestRecoveryTellsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@mail.org")
	banned := r.person(t, "ban@mail.org")
	if err := r.Directory.Disable(t.Context(), user.Host(), banned.ID, "en"); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"kim@mail.org", "ban@mail.org", "nobody@mail.org", "no address"} {
		flow, err := r.Account.StartRecovery(t.Context(), from("198.51.100.8"), email, "en")
		if err != nil || flow.IsZero() {
			t.Errorf("%s: %v", email, err)
		}
		_, err = r.Account.TradeCode(t.Context(), from("198.51.100.8"), account.Answer{Flow: flow, Code: secret.NewText("00000000")})
		if !errors.Is(err, proof.ErrWrongCode) {
			t.Errorf("%s: a wrong code: %v, want ErrWrongCode", email, err)
		}
	}
}

// PW-8 SE-26 SE-3 AU-60: a change needs the current password, ends the other
// sessions, keeps this one, and is told. TH-36 SE-24: a sign-in seconds ago is no
// such proof.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.person(t, "kim@mail.org")
	other, own := r.signIn(t, "kim@mail.org"), r.signIn(t, "kim@mail.org")
	change := func(current string) error {
		return r.Account.ChangePassword(t.Context(), account.PasswordChange{
			By: inSession(own), Current: account.Proof{Password: secret.NewText(current)}, New: secret.NewText(otherPassword), Lang: "en",
		})
	}
	if err := change(""); !errors.Is(err, signin.ErrUnconfirmed) {
		t.Errorf("without a proof: %v, want ErrUnconfirmed", err)
	}
	if err := change("something else entirely"); !errors.Is(err, signin.ErrConfirmation) {
		t.Errorf("with a wrong one: %v, want ErrConfirmation", err)
	}
	if !r.opens(t, other) {
		t.Error("a refused change ended a session")
	}
	r.clock.Advance(time.Minute)
	if err := change(rightPassword); err != nil {
		t.Fatal(err)
	}
	if r.opens(t, other) {
		t.Error("another session outlived the change")
	}
	if !r.opens(t, own) {
		t.Error("the session that made the change ended")
	}
	if !r.has(t, "password.changed", own.User.ID.String()) || !r.has(t, "session.ended_all", own.User.ID.String()) {
		t.Error("the change is not in the log")
	}
}

// TH-1: an act whose proof was right loses against whatever commits between the
// proof and the act: a thief who knows the old password does not overwrite the
// new one.
func TestActAgainstAct(t *testing.T) {
	t.Parallel()
	const newest = "seventeen quiet herons"
	owner := map[string]func(*testing.T, *rig, user.User) error{
		"reset": func(t *testing.T, r *rig, _ user.User) error {
			link, _, _ := r.recovery(t, "kim@mail.org", "198.51.100.8")
			return r.finish(t, account.Answer{Link: link}, newest)
		},
		"change, other sessions kept": func(t *testing.T, r *rig, u user.User) error {
			return r.Account.ChangePassword(t.Context(), account.PasswordChange{
				By: user.By(u.ID, "", audit.Source{}), Current: account.Proof{Password: secret.NewText(rightPassword)}, New: secret.NewText(newest), KeepOthers: true,
			})
		},
		"ban and back": func(t *testing.T, r *rig, u user.User) error {
			if err := r.Directory.Disable(t.Context(), user.Host(), u.ID, ""); err != nil {
				return err
			}
			return r.Directory.Enable(t.Context(), user.Host(), u.ID)
		},
	}
	thief := map[string]func(*account.Flow, user.Caller) error{
		"password": func(f *account.Flow, by user.Caller) error {
			return f.ChangePassword(context.Background(), account.PasswordChange{By: by, Current: account.Proof{Password: secret.NewText(rightPassword)}, New: secret.NewText(otherPassword)})
		},
		"primary": func(f *account.Flow, by user.Caller) error {
			return f.MakePrimary(context.Background(), by, account.Proof{Password: secret.NewText(rightPassword)}, "thief@mail.org", "en")
		},
		"removal": func(f *account.Flow, by user.Caller) error {
			return f.RemoveEmail(context.Background(), by, account.Proof{Password: secret.NewText(rightPassword)}, "thief@mail.org", "en")
		},
		"deletion": func(f *account.Flow, by user.Caller) error {
			_, err := f.RequestDeletion(context.Background(), by, account.Proof{Password: secret.NewText(rightPassword)}, "en")
			return err
		},
	}
	for wins, first := range owner {
		for loses, second := range thief {
			t.Run(loses+" against "+wins, func(t *testing.T) {
				t.Parallel()
				r := newRig(t).running(t)
				u := r.person(t, "kim@mail.org")
				by := inSession(r.signIn(t, "kim@mail.org"))
				r.addAddress(t, by, "thief@mail.org")
				h := halting{Method: signin.NewPassword(r.hasher, r.store.Passwords(), r.c.Now, r.c.Log), judged: make(chan struct{}), resume: make(chan struct{})}
				halted := r.accountFlow(r.signInFlow(h))
				got := make(chan error, 1)
				go func() { got <- second(halted, by) }()
				<-h.judged
				if err := first(t, r, u); err != nil {
					t.Error(err)
				}
				close(h.resume)
				if err := <-got; !errors.Is(err, user.ErrStale) {
					t.Errorf("the act: %v, want ErrStale", err)
				}
				if r.canSignIn(t, "kim@mail.org", otherPassword, "203.0.113.9") {
					t.Error("the thief's password opens the account")
				}
			})
		}
	}
}

// TH-33: a stolen session is no way around the hundred guesses: once its own are
// spent it counts as a stranger, whose guess is not judged, right or wrong.
func TestConfirmationCountsGuesses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u := r.person(t, "kim@mail.org")
	by := inSession(r.signIn(t, "kim@mail.org"))
	confirm := func(text string) error {
		r.clock.Advance(time.Hour)
		_, err := r.SignIn.Confirm(t.Context(), by, signin.Response{Password: secret.NewText(text)})
		return err
	}
	for range 100 {
		if _, err := r.store.Lockouts().Fail(t.Context(), u.ID, r.now(), by.Event(signin.Failed, r.now(), u.ID)); err != nil {
			t.Fatal(err)
		}
	}
	if err := confirm(rightPassword); err != nil {
		t.Errorf("strangers' guesses stop somebody who is signed in: %v", err)
	}
	for range lockout.DeviceFailures {
		if err := confirm("wrong but long enough"); !errors.Is(err, signin.ErrConfirmation) {
			t.Fatalf("a wrong one: %v, want ErrConfirmation", err)
		}
	}
	if err := confirm(rightPassword); !errors.Is(err, lockout.ErrCodeNeeded) {
		t.Errorf("after the session's own guesses: %v, want ErrCodeNeeded", err)
	}
}

// TH-36: every act on credentials, addresses, the export and the account itself
// wants its own proof.
func TestActsNeedTheirOwnProof(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.person(t, "kim@mail.org")
	by := inSession(r.signIn(t, "kim@mail.org"))
	none := secret.Text{}
	for name, act := range map[string]func() error{
		"add address": func() error {
			_, err := r.Account.AddEmail(t.Context(), by, account.Proof{Password: none}, "x@mail.org", "en")
			return err
		},
		"make primary": func() error {
			return r.Account.MakePrimary(t.Context(), by, account.Proof{Password: none}, "kim@mail.org", "en")
		},
		"remove address": func() error {
			return r.Account.RemoveEmail(t.Context(), by, account.Proof{Password: none}, "kim@mail.org", "en")
		},
		"export": func() error { _, err := r.Account.Export(t.Context(), by, account.Proof{Password: none}); return err },
		"delete": func() error {
			_, err := r.Account.RequestDeletion(t.Context(), by, account.Proof{Password: none}, "en")
			return err
		},
	} {
		if err := act(); !errors.Is(err, signin.ErrUnconfirmed) {
			t.Errorf("%s: %v, want ErrUnconfirmed", name, err)
		}
	}
}

// Mail says when something happened by the clock of who reads it.
func TestMailFollowsTheZone(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u := r.person(t, "kim@mail.org")
	zone := user.Profile{Name: u.Name, Locale: u.Locale, TimeZone: "Asia/Tokyo"}
	if err := r.store.Users().SetProfile(t.Context(), u.ID, zone, 0, r.now(), user.Host().Event(user.Updated, r.now(), u.ID)); err != nil {
		t.Fatal(err)
	}
	link, _, _ := r.recovery(t, "kim@mail.org", "198.51.100.8")
	if err := r.finish(t, account.Answer{Link: link}, otherPassword); err != nil {
		t.Fatal(err)
	}
	if l := r.letter(t, "kim@mail.org"); !strings.Contains(l.Text, "JST") || strings.Contains(l.Text, "UTC") {
		t.Errorf("the mail to Tokyo says:\n%s", l.Text)
	}
}
