package storetest

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var sessions = []test{
	{"what is kept is what is read", sessionRoundTrip},
	{"rotation", sessionRotate},
	{"end one", sessionEnd},
	{"end all but one", sessionEndAll},
	{"concurrent limit", sessionLimit},
	{"concurrent limit under a race", sessionLimitRace},
}

func sessionRoundTrip(c *testcase) {
	u := c.person()
	s := c.session(u)
	s.Methods, s.UserAgent = []string{"pwd", "otp"}, "odd\x00\xffagent"
	_, err := c.Sessions().Insert(c.ctx, s, 0, 0, c.event(session.Created, u.ID))
	c.ok(err)
	s.UserAgent = "odd\uFFFD\uFFFDagent"
	got, err := c.Sessions().ByDigest(c.ctx, s.Digest)
	c.ok(err)
	c.same(diffSessions(got, s), "")
	if got.CreatedAt.Location() != time.UTC {
		c.Error("times are not UTC")
	}
	got, err = c.Sessions().ByID(c.ctx, s.ID)
	c.ok(err)
	c.same(diffSessions(got, s), "")
	_, err = c.Sessions().ByDigest(c.ctx, digest())
	c.is(err, session.ErrEnded)
	c.same(c.trail(u), []string{"user.created", "session.created"})
	c.same(len(c.heard()), 0)
}

// diffSessions compares digests too, which print as redacted.
func diffSessions(a, b session.Session) string {
	return cmp.Diff(a, b, cmp.Comparer(func(a, b secret.Digest) bool { return a.Equal(b) }))
}

// SE-22 TH-22 TH-1: one secret opens a session at any time; the old one is dead at once.
func sessionRotate(c *testcase) {
	u := c.person()
	s := c.signIn(u)
	next := s
	next.Digest, next.Methods, next.Assurance, next.AuthenticatedAt = digest(), []string{"pwd", "otp"}, 2, c.later(time.Minute)
	c.once(session.ErrEnded, func(int) error {
		v := next
		return c.Sessions().Rotate(c.ctx, v, s.Digest, 0, c.now, c.event(session.Rotated, u.ID))
	})
	c.same(c.heard(), []revocation.Entry{refreshOf(u.ID, c.now)})
	c.same([]bool{c.usable(s), c.usable(next)}, []bool{false, true})
	got, err := c.Sessions().ByDigest(c.ctx, next.Digest)
	c.ok(err)
	c.same(diffSessions(got, next), "")

	c.ok(c.Passwords().Set(c.ctx, password.Credential{User: u.ID, Version: 1, Hash: "new", ChangedAt: c.now}, c.event(user.Updated, u.ID)))
	again := next
	again.Digest = digest()
	c.is(c.Sessions().Rotate(c.ctx, again, next.Digest, 2, c.now, c.event(session.Rotated, u.ID)), session.ErrEnded)
	c.ok(c.Sessions().Rotate(c.ctx, again, next.Digest, 1, c.now, c.event(session.Rotated, u.ID)))
	next = again

	for name, spoil := range map[string]func(){
		"account moved on": func() { c.endAll(u, next.ID) },
		"session ended": func() {
			c.ok(c.Sessions().End(c.ctx, u.ID, next.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
		},
	} {
		spoil()
		last := next
		last.Digest = digest()
		if err := c.Sessions().Rotate(c.ctx, last, next.Digest, 0, c.now, c.event(session.Rotated, u.ID)); err == nil {
			c.Errorf("%s: rotated", name)
		}
	}
}

func (c *testcase) endAll(u user.User, except session.ID) int {
	c.Helper()
	n, err := c.Sessions().EndAll(c.ctx, u.ID, except, session.Revoked, c.now, c.event(session.RevokedEvent, u.ID))
	c.ok(err)
	return n
}

// SE-25: one's own live sessions, and nobody else's.
func sessionEnd(c *testcase) {
	u, eve := c.person(), c.person()
	s, other := c.signIn(u), c.signIn(u)
	end := func(owner user.User, now time.Time) error {
		return c.Sessions().End(c.ctx, owner.ID, s.ID, session.SignedOut, now, c.event(session.EndedEvent, owner.ID))
	}
	c.is(end(eve, c.now), session.ErrUnknown)
	c.is(end(u, c.now.Add(2*time.Hour)), session.ErrUnknown)
	c.same(len(c.heard()), 0)
	c.once(session.ErrUnknown, func(int) error { return end(u, c.now) })
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Session, Value: s.ID, At: c.now}})
	c.same([]bool{c.usable(s), c.usable(other)}, []bool{false, true})
	got, err := c.Sessions().ByID(c.ctx, s.ID)
	c.ok(err)
	c.same([]any{got.EndedAt, got.EndCause}, []any{c.now, session.SignedOut})
	c.same(c.trail(eve), []string{"user.created"})
	live, err := c.Sessions().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(len(live), 1)
	c.same(live[0].ID, other.ID)
}

// TH-1 TH-3 PW-33: the version rises, the excepted session moves along, mailed
// proofs that sign in or change credentials are spent, the undo of a stolen
// address is not.
func sessionEndAll(c *testcase) {
	u, other := c.person(), c.person()
	keep, gone, foreign := c.signIn(u), c.signIn(u), c.signIn(other)
	recovering, undo := c.mailed(u, proof.Recover), c.proof(u, proof.Undo)
	undo.UserVersion = 0
	c.ok(c.Proofs().Put(c.ctx, undo))
	c.heard()
	c.same(c.endAll(u, keep.ID), 1)
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Subject, Value: u.ID, Version: 2, At: c.now}})
	c.same([]bool{c.usable(keep), c.usable(gone), c.usable(foreign)}, []bool{true, false, true})
	got, err := c.Sessions().ByDigest(c.ctx, keep.Digest)
	c.ok(err)
	c.same([]int64{got.UserVersion, c.reread(u).Version}, []int64{2, 2})
	c.is(c.Proofs().Spend(c.ctx, recovering.ID, c.now, c.system()), proof.ErrExpired)
	c.ok(c.Proofs().Spend(c.ctx, undo.ID, c.now, c.system()))
	c.same(c.endAll(u, foreign.ID), 1)
	c.same([]bool{c.usable(keep), c.usable(foreign)}, []bool{false, true})
	c.same(c.endAll(u, session.ID{}), 0)
}

// SE-27: the longest unseen gives way, in the same act, and its end is told.
func sessionLimit(c *testcase) {
	u := c.person()
	var all []session.Session
	for range 3 {
		c.later(time.Minute)
		all = append(all, c.signIn(u))
	}
	c.ok(c.Sessions().Touch(c.ctx, []session.Seen{{ID: all[0].ID, At: c.later(time.Second)}}))
	c.heard()
	s := c.session(u)
	ended, err := c.Sessions().Insert(c.ctx, s, 0, 2, c.event(session.Created, u.ID))
	c.ok(err)
	slices.SortFunc(ended, func(a, b session.ID) int { return slices.Compare(a[:], b[:]) })
	c.same(ended, []session.ID{all[1].ID, all[2].ID})
	c.same(len(c.heard()), 2)
	c.same([]bool{c.usable(all[0]), c.usable(all[1]), c.usable(all[2]), c.usable(s)}, []bool{true, false, false, true})
	got, err := c.Sessions().ByID(c.ctx, all[1].ID)
	c.ok(err)
	c.same(got.EndCause, session.LimitReached)
	n := 0
	for _, name := range c.trail(u) {
		if name == session.LimitExceeded.String() {
			n++
		}
	}
	c.same(n, 2)
}

func sessionLimitRace(c *testcase) {
	u := c.person()
	won := c.race(nil, func(int) error {
		_, err := c.Sessions().Insert(c.ctx, c.session(u), 0, 3, c.event(session.Created, u.ID))
		return err
	})
	c.same(won, callers)
	live, err := c.Sessions().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(len(live), 3)
}
