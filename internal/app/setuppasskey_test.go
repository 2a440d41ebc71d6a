package app

import (
	"errors"
	"testing"

	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/setup"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// taken is a browser that traded a new setup code.
func (r *rig) taken(t *testing.T) secret.Token {
	t.Helper()
	code, _, err := r.Setup.Open(t.Context(), user.Host())
	must(t, err)
	browser, err := r.Setup.Take(t.Context(), from("198.51.100.7"), "198.51.100.7", code.Reveal())
	must(t, err)
	return browser
}

// answeredSetup is the first administrator with an answer to the question for a passkey.
func (r *rig) answeredSetup(t *testing.T, browser secret.Token, key *authenticator.Authenticator) setup.Administrator {
	t.Helper()
	in := first
	in.Password = secret.Text{}
	ask, err := r.Setup.Ask(t.Context(), browser, in)
	must(t, err)
	in.Passkey, err = key.Create(ask)
	must(t, err)
	return in
}

// TH-35 PW-60 PW-63 PW-72: the first administrator may have a passkey and nothing
// else. Until they exist setup stays as open as it was; then it is over.
func TestSetupByPasskey(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st)
		browser := r.taken(t)
		complete := func(in setup.Administrator) (user.User, error) {
			return r.Setup.Complete(t.Context(), from("198.51.100.7"), browser, in)
		}
		key := authenticator.New(r.Passkeys.Site().Origins[0])
		one, err := r.Setup.Ask(t.Context(), browser, first)
		must(t, err)
		two, err := r.Setup.Ask(t.Context(), browser, first)
		must(t, err)
		if one.User.ID != two.User.ID || one.Challenge == two.Challenge || one.User.Name != first.Email || one.Selection.UserVerification != "required" {
			t.Errorf("asked %+v, then %+v", one, two)
		}
		for name, in := range map[string]setup.Administrator{
			"no name at all":     {Name: "Ada\x00", Email: first.Email},
			"no address":         {Name: first.Name, Email: "ada"},
			"neither of the two": {Name: first.Name, Email: first.Email},
		} {
			if _, err := complete(in); err == nil {
				t.Errorf("%s: it made an administrator", name)
			}
		}
		key.Verifies = false
		if _, err := complete(r.answeredSetup(t, browser, key)); !errors.Is(err, passkey.ErrRefused) {
			t.Errorf("nobody verified: %v", err)
		}
		key.Verifies = true
		late := r.answeredSetup(t, browser, key)
		r.clock.Advance(setup.Life / 2)
		if _, err := complete(late); !errors.Is(err, passkey.ErrChallenge) {
			t.Errorf("an old answer: %v", err)
		}
		weak := r.answeredSetup(t, browser, key)
		weak.Password = secret.NewText("short")
		if _, err := complete(weak); !errors.Is(err, password.ErrTooShort) {
			t.Errorf("a weak password beside it: %v", err)
		}
		if needed, err := r.Setup.Needed(t.Context()); err != nil || !needed {
			t.Fatalf("abandoned: setup is over (%v)", err)
		}
		n, err := st.Users().Count(t.Context(), user.Query{})
		if taken, bad := r.Setup.Taken(t.Context(), browser); n != 0 || err != nil || bad != nil || !taken {
			t.Fatalf("abandoned: %d accounts, the code is still this browser's: %v (%v, %v)", n, taken, err, bad)
		}
		key = authenticator.New(r.Passkeys.Site().Origins[0])
		in := r.answeredSetup(t, browser, key)
		u, err := complete(in)
		must(t, err)
		if _, err := complete(in); !errors.Is(err, instance.ErrSetupDone) {
			t.Errorf("again: %v", err)
		}
		if _, err := r.Setup.Ask(t.Context(), browser, first); !errors.Is(err, instance.ErrSetupDone) {
			t.Errorf("a question after the end: %v", err)
		}
		res := r.byPasskey(t, key)
		if res.User.ID != u.ID || res.Session.Assurance != 2 || len(u.Roles) != 1 || u.Roles[0] != rbac.Admin {
			t.Errorf("%+v is %+v", res.Session, u)
		}
		if since, _, err := r.Account.PasswordState(t.Context(), inSession(res)); err != nil || !since.IsZero() {
			t.Errorf("it has a password: %v, %v", since, err)
		}
		for _, name := range []string{"setup.completed", "user.created", "passkey.added"} {
			if !r.has(t, name, u.ID.String()) {
				t.Errorf("no %s", name)
			}
		}
	})
}

// TH-35 PW-60: the question is of the browser that took the code, and of nobody else:
// not of one without it, of the one before a new code, of a sign-up or a session.
func TestSetupPasskeyIsTheBrowsers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.taken(t)
	key := authenticator.New(r.Passkeys.Site().Origins[0])
	old := r.answeredSetup(t, before, key)
	browser := r.taken(t)
	for name, b := range map[string]secret.Token{"none": {}, "before": before} {
		if _, err := r.Setup.Ask(t.Context(), b, first); !errors.Is(err, instance.ErrSetupClosed) {
			t.Errorf("asked by %s: %v", name, err)
		}
	}
	if _, err := r.Setup.Complete(t.Context(), from("198.51.100.7"), before, old); !errors.Is(err, instance.ErrSetupClosed) {
		t.Errorf("with the browser before: %v", err)
	}
	if _, err := r.Setup.Complete(t.Context(), from("198.51.100.7"), browser, old); !errors.Is(err, passkey.ErrChallenge) {
		t.Errorf("with its answer: %v", err)
	}
	in := first
	elsewhere := r.Passkeys.Creation(passkey.SignUp, passkey.Person{ID: user.NewID(r.now()), Address: first.Email}, "signup of somebody", nil)
	answer, err := key.Create(elsewhere)
	must(t, err)
	in.Passkey = answer
	if _, err := r.Setup.Complete(t.Context(), from("198.51.100.7"), browser, in); !errors.Is(err, passkey.ErrChallenge) {
		t.Errorf("with the answer of a sign-up: %v", err)
	}
	forms := make([]setup.Administrator, 20)
	for i := range forms {
		forms[i] = r.answeredSetup(t, browser, key)
	}
	made := winners(len(forms), func(i int) error {
		_, err := r.Setup.Complete(t.Context(), from(ipOf(i)), browser, forms[i])
		return err
	})
	admins, err := r.store.Users().Count(t.Context(), user.Query{Role: rbac.Admin})
	if made != 1 || err != nil || admins != 1 {
		t.Errorf("%d forms succeeded, %d administrators (%v)", made, admins, err)
	}
}
