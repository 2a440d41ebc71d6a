package app

import (
	"errors"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// offline is a refresh token of s that outlives it.
func (w *world) offline(t *testing.T, s session.Session) string {
	t.Helper()
	return w.trade(t, "pub", w.asked(t, "pub", s, func(c *authcode.Code) {
		c.Offline, c.Scope = true, "openid offline_access"
	})).want(t, 200, "").text("refresh_token")
}

// renewed is the next refresh token.
func (w *world) renewed(t *testing.T, refresh string) string {
	t.Helper()
	return w.renew(t, "pub", refresh).want(t, 200, "").text("refresh_token")
}

// outgrown must be refused, in words that help, and stay what it is.
func (w *world) outgrown(t *testing.T, refresh string) {
	t.Helper()
	got := w.renew(t, "pub", refresh)
	if got.Code != 400 || got.text("error") != "invalid_grant" || got.text("error_description") != token.ErrOutgrown.Public {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
}

// PW-47 TH-3: an app that may stay beyond the session gets no more tokens of a sign-in of
// one factor, once the instance asks for two and the time to set one up is over: what
// sessions of that sign-in come to. What it has is enough again when less is asked.
func TestRefreshObeysThePolicy(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).relying(t)
		s := w.sitting(t)
		app := w.offline(t, s)
		must(t, w.store.Sessions().End(t.Context(), s.User, s.ID, session.SignedOut, w.now(), user.System().Event(session.EndedEvent, w.now(), s.User)))
		w.clock.Advance(time.Minute)
		w.asks(t, policy.Policy{Assurance: 2, Grace: policy.Day})
		app = w.renewed(t, app)
		if asked, err := w.store.Policy().Of(t.Context(), w.kim.ID); err != nil || !asked.Since.Equal(w.now()) {
			t.Fatalf("the time did not begin: %v %v", asked.Since, err)
		}
		w.clock.Advance(23 * time.Hour)
		app = w.renewed(t, app)
		w.clock.Advance(time.Hour)
		w.outgrown(t, app)
		w.asks(t, policy.Policy{Assurance: 1})
		app = w.renewed(t, app)
		w.clock.Advance(time.Minute)
		w.asks(t, policy.Policy{Assurance: 2})
		w.outgrown(t, app)
	})
}

// TH-8: a stolen token is noticed while its grant is refused by the policy, too.
func TestTheftOfWhatIsOutgrown(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).relying(t)
		first := w.offline(t, w.sitting(t))
		app := w.renewed(t, w.renewed(t, first))
		w.clock.Advance(time.Hour)
		w.asks(t, policy.Policy{Assurance: 2})
		w.outgrown(t, app)
		if got := w.renew(t, "pub", first); got.Code != 400 || got.text("error_description") == token.ErrOutgrown.Public {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		w.asks(t, policy.Policy{Assurance: 1})
		if got := w.renew(t, "pub", app); got.Code != 400 {
			t.Errorf("the family goes on: %d %s", got.Code, got.Body)
		}
	})
}

// PW-47: the same of a role, which others do not have.
func TestRefreshObeysTheRole(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).relying(t)
		app := w.offline(t, w.sitting(t))
		w.clock.Advance(time.Minute)
		_, err := w.Directory.PutRole(t.Context(), user.Host(), rbac.Role{Name: "keeper", Assurance: 2})
		must(t, err)
		app = w.renewed(t, app)
		must(t, w.Directory.SetRoles(t.Context(), user.Host(), w.kim.ID, []string{"keeper"}))
		w.outgrown(t, app)
		must(t, w.Directory.SetRoles(t.Context(), user.Host(), w.kim.ID, nil))
		w.renewed(t, app)
	})
}

// PW-47 SE-23: sessions and what apps got of the same sign-ins come to the same: two
// factors go on, one factor of before does not, and what a remembered device let in
// afterwards does.
func TestGrantsEndLikeSessions(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).relying(t)
		weak := w.sitting(t)
		sessions := map[string]session.Session{"one factor": weak}
		apps := map[string]string{"one factor": w.offline(t, weak)}
		w.clock.Advance(time.Minute)
		w.asks(t, policy.Policy{Assurance: 2, Remember: 7 * policy.Day})
		half := w.try(t, kimsMail, "", "")
		o, key := w.offer(t, half)
		in := signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Lang: "en", Remember: true}
		strong, err := w.SignIn.Enrol(t.Context(), in, w.answer(half, o, key))
		must(t, err)
		w.clock.Advance(time.Minute)
		for name, res := range map[string]signin.Result{"two factors": strong, "a remembered device": w.try(t, kimsMail, "", strong.Trusted)} {
			if !res.Complete() {
				t.Fatal(name)
			}
			sessions[name], apps[name] = res.Session, w.offline(t, res.Session)
		}
		w.clock.Advance(time.Minute)
		_, err = w.store.Policy().Enforce(t.Context(), w.now(), 100)
		must(t, err)
		for name, s := range sessions {
			now, err := w.store.Sessions().ByID(t.Context(), s.ID)
			must(t, err)
			if lives := now.EndedAt.IsZero(); lives != (name != "one factor") {
				t.Errorf("the session of %s lives: %v", name, lives)
			}
			if got := w.renew(t, "pub", apps[name]); (got.Code == 200) != now.EndedAt.IsZero() {
				t.Errorf("the app of %s: %d %s", name, got.Code, got.Body)
			}
		}
	})
}

// PW-47: between the end of the time and the next look at sessions, a proof of one factor
// makes no session younger than that end.
func TestNoReproofAroundThePolicy(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st)
		r.person(t, "kim@example.org")
		weak := r.signIn(t, "kim@example.org")
		again := func() (session.Session, error) {
			s, fresh, err := r.SignIn.Reauthenticate(t.Context(), inSession(weak), weak.Secret.Reveal(), signin.Response{Password: secret.NewText(rightPassword)})
			if err == nil {
				weak.Secret = fresh
			}
			return s, err
		}
		r.clock.Advance(time.Minute)
		r.asks(t, policy.Policy{Assurance: 2, Grace: policy.Day})
		if _, err := r.store.Policy().Enforce(t.Context(), r.now(), 100); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(time.Hour)
		if s, err := again(); err != nil || !s.AuthenticatedAt.Equal(r.now()) {
			t.Fatalf("in time: %v %v", s.AuthenticatedAt, err)
		}
		r.clock.Advance(23 * time.Hour)
		if _, err := again(); !errors.Is(err, session.ErrEnded) {
			t.Errorf("the time is over: %v", err)
		}
		if n, err := r.store.Policy().Enforce(t.Context(), r.now(), 100); n != 1 {
			t.Errorf("%d sessions ended (%v)", n, err)
		}
	})
}
