package app

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

func (r *rig) events(t *testing.T, name string) []audit.Event {
	t.Helper()
	evs, err := r.store.Audit().Search(t.Context(), audit.Query{Name: name, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return evs
}

// AU-49: a flood of one kind is written once a minute, and the next one says how
// many were left out; other kinds are not held up by it.
func TestSampler(t *testing.T) {
	var kept []audit.Event
	now := time.Now()
	s := &sampler{append: func(_ context.Context, ev audit.Event) error {
		kept = append(kept, ev)
		return nil
	}, now: func() time.Time { return now }, seen: make(map[string]*sampled)}
	suspect := func(ip string) {
		ev := audit.New(session.UsedAfterEnd, now, audit.Actor{}, audit.Source{IP: ip}, "")
		if err := s.record(t.Context(), ev, ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		suspect("192.0.2.1")
	}
	suspect("192.0.2.2")
	if len(kept) != 2 {
		t.Fatalf("%d events for two sources, want 2", len(kept))
	}
	now = now.Add(sampleEvery)
	suspect("192.0.2.1")
	if got := kept[2].Details["dropped"]; got != "999" {
		t.Errorf("dropped %q, want 999", got)
	}
	for n := range 3 * maxSampled {
		suspect("2001:db8::" + strconv.FormatInt(int64(n), 16))
	}
	if len(s.seen) > maxSampled+1 {
		t.Errorf("%d kinds are remembered, want at most %d", len(s.seen), maxSampled+1)
	}
}

// AU-4: a secret that is presented after its session ended leaves a trace.
func TestUsedAfterEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u := r.person(t, "kim@mail.org")
	res := r.signIn(t, "kim@mail.org")
	if err := r.SignIn.SignOut(t.Context(), user.By(u.ID, res.Session.ID.String(), audit.Source{})); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := r.Auth.Session(t.Context(), res.Secret.Reveal()); !errors.Is(err, session.ErrEnded) {
			t.Fatal(err)
		}
	}
	evs := r.events(t, "session.used_after_end")
	if len(evs) != 1 || evs[0].Session != res.Session.ID.String() || evs[0].Reason != "signed_out" {
		t.Errorf("events: %+v", evs)
	}
}

// AU-1 AU-2 AU-7: the trail names sign-ins after failures, limits that were
// reached, and roles that were given and taken.
func TestTrail(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u := r.person(t, "kim@mail.org")
	for range 2 {
		if _, err := r.SignIn.SignIn(t.Context(), signInAs("kim@mail.org", "wrong but long enough", from("198.51.100.7"))); err == nil {
			t.Fatal("a wrong password opened")
		}
	}
	r.signIn(t, "kim@mail.org")
	if evs := r.events(t, "login.succeeded_after_failures"); len(evs) != 1 || evs[0].Details["failures"] != "2" {
		t.Errorf("after failures: %+v", evs)
	}
	for range 20 {
		_, _ = r.SignIn.SignIn(t.Context(), signInAs("nobody@mail.org", "wrong but long enough", from("198.51.100.8")))
	}
	if evs := r.events(t, "ratelimit.exceeded"); len(evs) != 1 || evs[0].Details["limit"] != "signin.pair" {
		t.Errorf("limits: %+v", evs)
	}
	for _, roles := range [][]string{{rbac.Admin}, {}} {
		if err := r.Directory.SetRoles(t.Context(), user.Host(), u.ID, roles); err != nil {
			t.Fatal(err)
		}
	}
	if evs := r.events(t, "role.assigned"); len(evs) != 1 || evs[0].Details["given"] != rbac.Admin {
		t.Errorf("given: %+v", evs)
	}
	if evs := r.events(t, "role.removed"); len(evs) != 1 || evs[0].Details["taken"] != rbac.Admin {
		t.Errorf("taken: %+v", evs)
	}
}
