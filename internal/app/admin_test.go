package app

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/setup"
	"github.com/mortise-auth/mortise/internal/user"
)

var first = setup.Administrator{Name: "Ada", Email: "ada@mail.org", Password: secret.NewText(rightPassword), Lang: "en"}

// firstAdmin goes through setup on the host.
func (r *rig) firstAdmin(t *testing.T) user.User {
	t.Helper()
	u, err := r.Setup.Complete(t.Context(), user.Host(), secret.Token{}, first)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TH-35: 50 parallel right codes open one browser, and 50 parallel forms of that
// browser make one administrator; then setup is over, whoever is deleted.
func TestSetupRace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code, _, err := r.Setup.Open(t.Context(), user.Host())
	if err != nil {
		t.Fatal(err)
	}
	browsers := make([]secret.Token, 50)
	took := winners(len(browsers), func(i int) (err error) {
		browsers[i], err = r.Setup.Take(t.Context(), from(ipOf(i)), ipOf(i), code.Reveal())
		return err
	})
	if took != 1 {
		t.Fatalf("%d browsers took the code", took)
	}
	made := winners(len(browsers), func(i int) error {
		_, err := r.Setup.Complete(t.Context(), from(ipOf(i)), browsers[i], first)
		return err
	})
	var browser secret.Token
	for _, b := range browsers {
		if taken, err := r.Setup.Taken(t.Context(), b); err == nil && taken {
			browser = b
		}
	}
	if made == 0 && !browser.IsZero() { // the browser that took the code, 50 times at once
		made = winners(50, func(i int) error {
			_, err := r.Setup.Complete(t.Context(), from(ipOf(i)), browser, first)
			return err
		})
	}
	admins, err := r.store.Users().Count(t.Context(), user.Query{Role: rbac.Admin})
	if made != 1 || err != nil || admins != 1 {
		t.Fatalf("%d forms succeeded, %d administrators (%v)", made, admins, err)
	}
	ada, _, err := r.store.Users().ByEmail(t.Context(), "ada@mail.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Directory.DeleteUser(t.Context(), user.Host(), ada.ID); err != nil {
		t.Fatal(err)
	}
	if needed, err := r.Setup.Needed(t.Context()); err != nil || needed {
		t.Errorf("setup is open again after the last administrator was deleted (%v)", err)
	}
	if _, _, err := r.Setup.Open(t.Context(), user.Host()); !errors.Is(err, instance.ErrSetupDone) {
		t.Errorf("a new code: %v, want ErrSetupDone", err)
	}
}

// TH-35: one form of the browser that took the code, sent 50 times at once.
func TestSetupFormRace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	code, _, err := r.Setup.Open(t.Context(), user.Host())
	if err != nil {
		t.Fatal(err)
	}
	browser, err := r.Setup.Take(t.Context(), from("198.51.100.7"), "198.51.100.7", code.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	made := winners(50, func(i int) error {
		_, err := r.Setup.Complete(t.Context(), from(ipOf(i)), browser, first)
		return err
	})
	admins, err := r.store.Users().Count(t.Context(), user.Query{Role: rbac.Admin})
	if made != 1 || err != nil || admins != 1 {
		t.Errorf("%d forms succeeded, %d administrators (%v)", made, admins, err)
	}
}

// TH-35: before setup is over nobody signs up; a stranger without the code, an old
// code, and the hundredth wrong one open nothing.
func TestSetupIsClosed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, err := r.Account.StartSignUp(t.Context(), account.SignUp{By: from("198.51.100.8"), Name: "Eve", Email: "eve@mail.org", Password: secret.NewText(rightPassword)})
	if !errors.Is(err, account.ErrNoSignUp) {
		t.Errorf("sign-up before setup: %v, want ErrNoSignUp", err)
	}
	if _, err := r.Setup.Complete(t.Context(), from("198.51.100.8"), secret.Token{}, first); !errors.Is(err, instance.ErrSetupClosed) {
		t.Errorf("without a code: %v, want ErrSetupClosed", err)
	}
	code, _, err := r.Setup.Open(t.Context(), user.Host())
	if err != nil {
		t.Fatal(err)
	}
	take := func(i int, typed string) error {
		_, err := r.Setup.Take(t.Context(), from(ipOf(i)), ipOf(i), typed)
		return err
	}
	for i := range instance.MaxWrong {
		if err := take(i, "AAAA-AAAA"); !errors.Is(err, instance.ErrSetupCode) {
			t.Fatalf("wrong code %d: %v", i, err)
		}
	}
	if err := take(200, code.Reveal()); !errors.Is(err, instance.ErrSetupClosed) {
		t.Errorf("the right code after 100 wrong ones: %v, want ErrSetupClosed", err)
	}
	if code, _, err = r.Setup.Open(t.Context(), user.Host()); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(setup.Life)
	if err := take(201, code.Reveal()); !errors.Is(err, instance.ErrSetupClosed) {
		t.Errorf("an old code: %v, want ErrSetupClosed", err)
	}
}

// SE-25 SE-26 SE-5 TH-25: an administrator disables an account, ends its sessions
// or changes its roles, and the next check knows.
func TestAdministratorsActsHoldAtOnce(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*testing.T, *rig, user.User) error{
		"disable": func(t *testing.T, r *rig, u user.User) error {
			return r.Directory.Disable(t.Context(), user.Host(), u.ID, "en")
		},
		"end sessions": func(t *testing.T, r *rig, u user.User) error {
			_, err := r.Directory.EndSessions(t.Context(), user.Host(), u.ID)
			return err
		},
		"delete": func(t *testing.T, r *rig, u user.User) error {
			return r.Directory.DeleteUser(t.Context(), user.Host(), u.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t).running(t)
			r.fresh(t)
			u := r.person(t, "kim@mail.org")
			res := r.signIn(t, "kim@mail.org")
			if !r.opens(t, res) {
				t.Fatal("not signed in")
			}
			if err := act(t, r, u); err != nil {
				t.Fatal(err)
			}
			if r.opens(t, res) {
				t.Error("the next check still said yes")
			}
		})
	}
	t.Run("roles", func(t *testing.T) {
		t.Parallel()
		r := newRig(t).running(t)
		r.fresh(t)
		u := r.person(t, "kim@mail.org", rbac.Admin)
		res := r.signIn(t, "kim@mail.org")
		who, err := r.Auth.Session(t.Context(), res.Secret.Reveal())
		if err != nil || !who.HasRole(rbac.Admin) {
			t.Fatalf("not an administrator: %v", err)
		}
		if err := r.Directory.SetRoles(t.Context(), user.Host(), u.ID, nil); err != nil {
			t.Fatal(err)
		}
		if who, err = r.Auth.Session(t.Context(), res.Secret.Reveal()); err != nil || who.HasRole(rbac.Admin) {
			t.Errorf("the role outlived its removal (%v)", err)
		}
	})
}

// AU-7: who is no administrator is refused, whatever a cached identity says, and
// the log says what was tried.
func TestOnlyAdministratorsAdminister(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	kim, victim := r.person(t, "kim@mail.org"), r.person(t, "vic@mail.org")
	by := user.By(kim.ID, "", audit.Source{IP: "198.51.100.7"})
	for name, act := range map[string]func() error{
		"disable":       func() error { return r.Directory.Disable(t.Context(), by, victim.ID, "") },
		"delete":        func() error { return r.Directory.DeleteUser(t.Context(), by, victim.ID) },
		"promote":       func() error { return r.Directory.SetRoles(t.Context(), by, kim.ID, []string{rbac.Admin}) },
		"recovery link": func() error { _, _, err := r.Directory.RecoveryLink(t.Context(), by, victim.ID); return err },
		"list":          func() error { _, err := r.Directory.Users(t.Context(), by, user.Query{Limit: 10}); return err },
		"nobody at all": func() error {
			_, err := r.Directory.CreateUser(t.Context(), from("198.51.100.7"), directory.NewUser{Email: "x@mail.org"})
			return err
		},
	} {
		if err := act(); !errors.Is(err, directory.ErrNotAdmin) {
			t.Errorf("%s: %v, want ErrNotAdmin", name, err)
		}
	}
	evs, err := r.store.Audit().Search(t.Context(), audit.Query{Name: "authz.denied", Subject: kim.ID.String(), Limit: 50})
	if err != nil || len(evs) != 5 || evs[0].Outcome != audit.Blocked || evs[0].Details["act"] == "" {
		t.Errorf("%d refusals in the log (%v)", len(evs), err)
	}
}

// The last administrator cannot be disabled, deleted or demoted from inside, also
// by two who do it to each other at once; the host can.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ada := r.person(t, "ada@mail.org", rbac.Admin)
	by := user.By(ada.ID, "", audit.Source{})
	for name, act := range map[string]func() error{
		"disable": func() error { return r.Directory.Disable(t.Context(), by, ada.ID, "") },
		"delete":  func() error { return r.Directory.DeleteUser(t.Context(), by, ada.ID) },
		"demote":  func() error { return r.Directory.SetRoles(t.Context(), by, ada.ID, nil) },
		"leave": func() error {
			_, err := r.Account.RequestDeletion(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}, "en")
			return err
		},
	} {
		if err := act(); !errors.Is(err, directory.ErrLastAdmin) {
			t.Errorf("%s: %v, want ErrLastAdmin", name, err)
		}
	}
	bob := r.person(t, "bob@mail.org", rbac.Admin)
	pair := []user.User{ada, bob}
	won := winners(2, func(i int) error {
		return r.Directory.SetRoles(t.Context(), user.By(pair[i].ID, "", audit.Source{}), pair[1-i].ID, nil)
	})
	n, err := r.store.Users().Count(t.Context(), user.Query{Role: rbac.Admin, State: user.Active})
	if won != 1 || n != 1 || err != nil {
		t.Errorf("%d of two demotions at once succeeded, %d administrators left (%v)", won, n, err)
	}
	for _, u := range pair {
		if err := r.Directory.Disable(t.Context(), user.Host(), u.ID, ""); err != nil {
			t.Errorf("the host: %v", err)
		}
	}
}

// PW-34: an administrator's link lets the owner choose, once, within the hour; the
// log says who made it, and no password passes through the administrator.
func TestRecoveryLinkByAdministrator(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u := r.person(t, "kim@mail.org")
	res := r.signIn(t, "kim@mail.org")
	text, expires, err := r.Directory.RecoveryLink(t.Context(), user.Host(), u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if life := expires.Sub(r.now()); life > time.Hour {
		t.Errorf("the link lives for %s", life)
	}
	link, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := secret.Parse(proof.Recover.LinkPurpose(), link.Query().Get("token"))
	if err != nil {
		t.Fatal(err)
	}
	if !r.opens(t, res) {
		t.Error("making the link ended a session")
	}
	if err := r.finish(t, account.Answer{Link: token}, otherPassword); err != nil {
		t.Fatal(err)
	}
	if err := r.finish(t, account.Answer{Link: token}, otherPassword+"!"); !errors.Is(err, proof.ErrExpired) {
		t.Errorf("the link a second time: %v", err)
	}
	if !r.has(t, "password.recovery_link_created", u.ID.String()) || r.opens(t, res) {
		t.Error("the link is not in the log, or the session outlived the reset")
	}
}

// SE-24: an administrator who signed in more than ten minutes ago looks around, and proves
// who they are before they change anything.
func TestAdministratorsProveAgain(t *testing.T) {
	t.Parallel()
	w := newRig(t).running(t).begun(t).world(t)
	w.person(t, "root@mail.org", rbac.Admin)
	p := &program{world: w, email: "root@mail.org"}
	enter := func() {
		t.Helper()
		c, _ := p.ask(t, "POST", "/signin", map[string]any{"identifier": p.email, "password": rightPassword}).want(t, 200, "").cookie(w.Frame.Names().Session)
		p.cookie = c.Name + "=" + c.Value
	}
	enter()
	change := func() answer { return p.ask(t, "POST", "/users/"+w.kim.ID.String()+"/disable", map[string]any{}) }
	w.clock.Advance(10*time.Minute + time.Second)
	change().want(t, 403, "sign_in_again")
	p.ask(t, "GET", "/users/"+w.kim.ID.String(), nil).want(t, 200, "")
	p.ask(t, "GET", "/users/"+w.kim.ID.String()+"/export", nil).want(t, 403, "sign_in_again") // all there is of somebody
	p.ask(t, "DELETE", "/users/"+w.kim.ID.String(), nil).want(t, 403, "sign_in_again")
	p.cookie = ""
	enter()
	if got := change(); got.Code >= 300 {
		t.Errorf("just signed in: %d %s", got.Code, got.Body)
	}
}
