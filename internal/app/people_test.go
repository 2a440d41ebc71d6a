package app

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// signUp asks for an account and returns what the mail's link holds.
func (r *rig) signUp(t *testing.T, email string) secret.Token {
	t.Helper()
	_, err := r.Account.StartSignUp(t.Context(), account.SignUp{
		By: from("198.51.100.8"), Name: "Kim", Email: email, Password: secret.NewText(rightPassword), Lang: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	return linked(t, r.letterAt(t, email, "/verify"), proof.SignUp)
}

// begun finishes setup, so that people may sign up.
func (r *rig) begun(t *testing.T) *rig {
	t.Helper()
	r.firstAdmin(t)
	return r
}

// PW-36 PW-31: an account exists once its address is proven, once, and not before;
// opening the link is no proof.
func TestSignUp(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	link := r.signUp(t, "new@mail.org")
	for range 2 {
		if _, err := r.Account.Peek(t.Context(), proof.SignUp, account.Answer{Link: link}); err != nil {
			t.Fatal(err)
		}
	}
	if r.canSignIn(t, "new@mail.org", rightPassword, "203.0.113.1") {
		t.Error("signed in before the address was proven")
	}
	won := winners(8, func(int) error {
		_, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), account.Answer{Link: link}, account.Chosen{Password: secret.NewText(rightPassword)})
		return err
	})
	if won != 1 {
		t.Errorf("%d of 8 finished one sign-up", won)
	}
	r.clock.Advance(time.Minute)
	if !r.canSignIn(t, "new@mail.org", rightPassword, "203.0.113.2") {
		t.Error("cannot sign in to the new account")
	}
}

// PW-36 TH-41: an account prepared for somebody else's address, with a password
// and a session, is gone when the owner of the address signs up.
func TestUnverifiedAccountIsTakenOver(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	trap, err := r.Directory.CreateUser(t.Context(), user.Host(), directory.NewUser{
		Name: "Trap", Email: "victim@mail.org", Password: secret.NewText(otherPassword),
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.SignIn.SignIn(t.Context(), signInAs("victim@mail.org", otherPassword, from("203.0.113.66")))
	if err != nil {
		t.Fatal(err)
	}
	made, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), account.Answer{Link: r.signUp(t, "victim@mail.org")}, account.Chosen{Password: secret.NewText(rightPassword)})
	if err != nil {
		t.Fatal(err)
	}
	if made.User.ID == trap.ID {
		t.Error("the owner got the prepared account")
	}
	if res.Complete() && r.opens(t, res) {
		t.Error("a session of the prepared account lives")
	}
	r.clock.Advance(time.Minute)
	if r.canSignIn(t, "victim@mail.org", otherPassword, "203.0.113.67") {
		t.Error("the password of the prepared account works")
	}
	if _, err := r.store.Users().ByID(t.Context(), trap.ID); !errors.Is(err, user.ErrUnknown) {
		t.Errorf("the prepared account: %v, want ErrUnknown", err)
	}
}

// PW-36 TH-41: a stranger signs up with somebody's address and a password that the
// stranger knows. When the owner opens the mailed link elsewhere, that password
// opens nothing: the owner chooses one. In the browser that asked, the link alone
// will do.
func TestStrangersPasswordDoesNotCount(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	strangers := func() (secret.Token, secret.Token) {
		flow, err := r.Account.StartSignUp(t.Context(), account.SignUp{
			By: from("203.0.113.66"), Name: "Eve", Email: "victim@mail.org", Password: secret.NewText(otherPassword), Lang: "en",
		})
		if err != nil {
			t.Fatal(err)
		}
		return linked(t, r.letterAt(t, "victim@mail.org", "/verify"), proof.SignUp), flow
	}
	_, old := strangers()
	link, _ := strangers()
	for name, flow := range map[string]secret.Token{"no flow": {}, "of another browser": secret.New(proof.SignUp.FlowPurpose()), "of a replaced sign-up": old} {
		a := account.Answer{Link: link, Flow: flow}
		about, err := r.Account.Peek(t.Context(), proof.SignUp, a)
		if err != nil || about.Asked {
			t.Errorf("%s: asked %v (%v)", name, about.Asked, err)
		}
		if _, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), a, account.Chosen{}); !errors.Is(err, account.ErrPasswordAsked) {
			t.Errorf("%s: %v, want ErrPasswordAsked", name, err)
		}
	}
	_, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), account.Answer{Link: link}, account.Chosen{Password: secret.NewText("short")})
	if !errors.Is(err, password.ErrTooShort) {
		t.Errorf("a weak password: %v, want ErrTooShort", err)
	}
	if _, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.9"), account.Answer{Link: link}, account.Chosen{Password: secret.NewText(rightPassword)}); err != nil {
		t.Fatal(err)
	}
	if r.canSignIn(t, "victim@mail.org", otherPassword, "203.0.113.66") {
		t.Error("the stranger's password opens the account")
	}
	if !r.canSignIn(t, "victim@mail.org", rightPassword, "203.0.113.67") {
		t.Error("the owner's password does not")
	}

	flow, err := r.Account.StartSignUp(t.Context(), account.SignUp{
		By: from("198.51.100.8"), Name: "Kim", Email: "kim@mail.org", Password: secret.NewText(rightPassword), Lang: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	own := account.Answer{Link: linked(t, r.letterAt(t, "kim@mail.org", "/verify"), proof.SignUp), Flow: flow}
	if about, err := r.Account.Peek(t.Context(), proof.SignUp, own); err != nil || !about.Asked {
		t.Errorf("the browser that asked: asked %v (%v)", about.Asked, err)
	}
	if _, err := r.Account.FinishSignUp(t.Context(), from("198.51.100.8"), own, account.Chosen{}); err != nil {
		t.Error(err)
	}
	if !r.canSignIn(t, "kim@mail.org", rightPassword, "203.0.113.68") {
		t.Error("the password of one's own sign-up does not work")
	}
}

// PW-30: signing up with an address that is taken answers alike; its owner is told.
func TestSignUpTellsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t).begun(t)
	r.person(t, "kim@mail.org")
	flow, err := r.Account.StartSignUp(t.Context(), account.SignUp{
		By: from("198.51.100.8"), Name: "Eve", Email: "kim@mail.org", Password: secret.NewText(otherPassword), Lang: "en",
	})
	if err != nil || flow.IsZero() {
		t.Fatalf("%v", err)
	}
	if l := r.letter(t, "kim@mail.org"); l.Code != "" {
		t.Errorf("the owner of a taken address was mailed a code: %s", l.Subject)
	}
	_, err = r.Account.FinishSignUp(t.Context(), from("198.51.100.8"), account.Answer{Flow: flow, Code: secret.NewText("00000000")}, account.Chosen{})
	if !errors.Is(err, proof.ErrWrongCode) {
		t.Errorf("a code for it: %v, want ErrWrongCode", err)
	}
}

// addAddress confirms a second address of a signed-in account.
func (r *rig) addAddress(t *testing.T, by user.Caller, email string) {
	t.Helper()
	if _, err := r.Account.AddEmail(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, email, "en"); err != nil {
		t.Fatal(err)
	}
	link := linked(t, r.letterAt(t, email, "/verify"), proof.Address)
	if _, err := r.Account.ConfirmEmail(t.Context(), by, account.Answer{Link: link}, "en"); err != nil {
		t.Fatal(err)
	}
}

// PW-35 TH-43: an address counts once the mail to it came back; the old one is
// told with a link that undoes the change. Undoing restores it, ends every
// session, signs nobody in, and for 72 hours neither address resets the password.
func TestAddressChangeAndUndo(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u := r.person(t, "kim@mail.org")
	thief := r.signIn(t, "kim@mail.org")
	by := inSession(thief)
	if _, err := r.Account.AddEmail(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "thief@mail.org", "en"); err != nil {
		t.Fatal(err)
	}
	r.letterAt(t, "thief@mail.org", "/verify")
	if got := r.addresses(t, u.ID); len(got) != 1 {
		t.Fatalf("an address counts before it is confirmed: %v", got)
	}
	if err := r.Account.MakePrimary(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "thief@mail.org", "en"); err == nil {
		t.Fatal("an unconfirmed address became the primary one")
	}
	r.clock.Advance(time.Minute)
	r.addAddress(t, by, "thief@mail.org")
	r.clock.Advance(time.Minute)
	if err := r.Account.MakePrimary(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "thief@mail.org", "en"); err != nil {
		t.Fatal(err)
	}
	replaced := account.Answer{Link: linked(t, r.letterAt(t, "kim@mail.org", "/account/undo"), proof.Undo)}
	r.clock.Advance(time.Minute)
	if err := r.Account.RemoveEmail(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "kim@mail.org", "en"); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(71 * time.Hour)
	undo := account.Answer{Link: linked(t, r.letterAt(t, "kim@mail.org", "/account/undo"), proof.Undo)}
	if err := r.Account.Undo(t.Context(), from("198.51.100.9"), replaced); !errors.Is(err, proof.ErrExpired) {
		t.Errorf("the undo link that another replaced: %v", err)
	}
	thief = r.signIn(t, "thief@mail.org")
	if err := r.Account.Undo(t.Context(), from("198.51.100.9"), undo); err != nil {
		t.Fatal(err)
	}
	if got := r.addresses(t, u.ID); !slices.Contains(got, "kim@mail.org") {
		t.Errorf("after the undo: %v", got)
	}
	if primary, err := r.store.Users().Emails(t.Context(), u.ID); err != nil || primary[0].Address != "kim@mail.org" {
		t.Errorf("the primary address was not restored: %v", err)
	}
	if r.opens(t, thief) {
		t.Error("a session outlived the undo")
	}
	if live, err := r.store.Sessions().Of(t.Context(), u.ID, r.now()); err != nil || len(live) != 0 {
		t.Errorf("the undo left or made %d sessions (%v)", len(live), err)
	}
	if err := r.Account.Undo(t.Context(), from("198.51.100.9"), undo); !errors.Is(err, proof.ErrExpired) {
		t.Errorf("undone twice: %v", err)
	}
	mailed := func(email string) bool {
		if _, err := r.Account.StartRecovery(t.Context(), from("198.51.100.8"), email, "en"); err != nil {
			t.Fatal(err)
		}
		waiting, err := r.store.Proofs().Pending(t.Context(), u.ID, proof.Recover, r.now())
		if err != nil {
			t.Fatal(err)
		}
		return len(waiting) > 0
	}
	for _, email := range []string{"kim@mail.org", "thief@mail.org"} {
		if mailed(email) {
			t.Errorf("%s resets the password right after the undo", email)
		}
	}
	r.clock.Advance(account.UndoLife)
	if !mailed("kim@mail.org") {
		t.Error("the address cannot reset the password after 72 hours")
	}
}

// TH-43 PW-35: a thief with the session and the password does not silence the
// undo: not by asking for the account's deletion and cancelling it, and not by
// filling the list of addresses. The lost address can cancel a deletion too.
func TestUndoOutlivesTheThief(t *testing.T) {
	t.Parallel()
	for name, trick := range map[string]func(*testing.T, *rig, user.User, user.Caller){
		"deletion and back": func(t *testing.T, r *rig, u user.User, by user.Caller) {
			if _, err := r.Account.RequestDeletion(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "en"); err != nil {
				t.Fatal(err)
			}
			r.letterAt(t, "kim@mail.org", "/account/keep")
			keep := linked(t, r.letterAt(t, "thief@mail.org", "/account/keep"), proof.CancelDeletion)
			if err := r.Account.CancelDeletion(t.Context(), by, account.Answer{Link: keep}); err != nil {
				t.Fatal(err)
			}
		},
		"a full list": func(t *testing.T, r *rig, u user.User, _ user.Caller) {
			for n := 1; n < user.MaxEmails; n++ {
				key := fmt.Sprintf("thief%d@mail.org", n)
				e := user.Email{User: u.ID, Address: key, Key: key, VerifiedAt: r.now(), CreatedAt: r.now()}
				if err := r.store.Users().AddEmail(t.Context(), e, user.Host().Event(user.EmailAdded, r.now(), u.ID)); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).running(t)
			u := r.person(t, "kim@mail.org")
			by := inSession(r.signIn(t, "kim@mail.org"))
			r.addAddress(t, by, "thief@mail.org")
			if err := r.Account.MakePrimary(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "thief@mail.org", "en"); err != nil {
				t.Fatal(err)
			}
			r.letterAt(t, "kim@mail.org", "/account/undo")
			r.clock.Advance(time.Minute)
			if err := r.Account.RemoveEmail(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "kim@mail.org", "en"); err != nil {
				t.Fatal(err)
			}
			undo := linked(t, r.letterAt(t, "kim@mail.org", "/account/undo"), proof.Undo)
			r.clock.Advance(time.Minute)
			trick(t, r, u, by)
			if err := r.Account.Undo(t.Context(), from("198.51.100.9"), account.Answer{Link: undo}); err != nil {
				t.Fatal(err)
			}
			if primary, err := r.store.Users().Emails(t.Context(), u.ID); err != nil || primary[0].Address != "kim@mail.org" {
				t.Errorf("the address is not back: %v", err)
			}
		})
	}
}

// SE-26: asking to be deleted ends every session at once; the link cancels it for
// 14 days; then the account is gone, and setup is not open again.
func TestDeletion(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u := r.person(t, "kim@mail.org")
	ask := func() account.Answer {
		t.Helper()
		res := r.signIn(t, "kim@mail.org")
		if _, err := r.Account.RequestDeletion(t.Context(), inSession(res), account.Proof{Password: secret.NewText(rightPassword)}, "en"); err != nil {
			t.Fatal(err)
		}
		if r.opens(t, res) {
			t.Error("a session outlived the request")
		}
		return account.Answer{Link: linked(t, r.letterAt(t, "kim@mail.org", "/account/keep"), proof.CancelDeletion)}
	}
	keep := ask()
	r.clock.Advance(account.DeletionWait - time.Minute)
	if r.canSignIn(t, "kim@mail.org", rightPassword, "203.0.113.1") {
		t.Error("signed in to an account that waits to be deleted")
	}
	if err := r.Account.CancelDeletion(t.Context(), from("198.51.100.9"), keep); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	if err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask()
	r.clock.Advance(account.DeletionWait - time.Minute)
	if err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.Users().ByID(t.Context(), u.ID); err != nil {
		t.Fatalf("deleted before its time: %v", err)
	}
	r.clock.Advance(time.Minute)
	if err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.store.Users().ByID(t.Context(), u.ID); !errors.Is(err, user.ErrUnknown) {
		t.Errorf("after 14 days: %v, want ErrUnknown", err)
	}
	if !r.has(t, "user.deleted", u.ID.String()) { // AU-8: the trail stays
		t.Error("the deletion is not in the log")
	}
}

// SE-25: people end one, the others, or all of their sessions; it holds at the next check.
func TestEndingOwnSessions(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	r.fresh(t)
	r.person(t, "kim@mail.org")
	a, b, own := r.signIn(t, "kim@mail.org"), r.signIn(t, "kim@mail.org"), r.signIn(t, "kim@mail.org")
	stranger := r.person(t, "eve@mail.org")
	for _, s := range []bool{r.opens(t, a), r.opens(t, b), r.opens(t, own)} {
		if !s {
			t.Fatal("not signed in")
		}
	}
	if err := r.Account.EndSession(t.Context(), user.By(stranger.ID, "", audit.Source{}), a.Session.ID); err == nil {
		t.Error("a stranger ended a session")
	}
	if err := r.Account.EndSession(t.Context(), inSession(own), a.Session.ID); err != nil || r.opens(t, a) {
		t.Errorf("the one that was ended: %v, open %v", err, r.opens(t, a))
	}
	if n, err := r.Account.EndOthers(t.Context(), inSession(own)); err != nil || n != 1 || r.opens(t, b) || !r.opens(t, own) {
		t.Errorf("ending the others: %d, %v", n, err)
	}
	if n, err := r.Account.EndEverywhere(t.Context(), inSession(own)); err != nil || n != 1 || r.opens(t, own) {
		t.Errorf("ending all: %d, %v", n, err)
	}
}
