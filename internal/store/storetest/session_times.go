package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/session"
)

var sessionTimes = []test{
	{"uses count forward, on live rows", sessionTouch},
	{"two limits", sessionLimits},
	{"expired is ended", sessionExpire},
	{"ended rows are swept", sessionSweep},
}

// TH-21: a conditional update, never an upsert.
func sessionTouch(c *testcase) {
	u := c.person()
	s, ended := c.signIn(u), c.signIn(u)
	c.ok(c.Sessions().End(c.ctx, u.ID, ended.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	seen := func(s session.Session, at time.Time) time.Time {
		c.ok(c.Sessions().Touch(c.ctx, []session.Seen{{ID: s.ID, At: at}, {ID: session.NewID(c.now), At: at}}))
		got, err := c.Sessions().ByID(c.ctx, s.ID)
		c.ok(err)
		return got.LastSeenAt
	}
	forward := c.now.Add(30 * time.Minute)
	c.same(seen(s, forward), forward)
	c.same(seen(s, c.now), forward)
	c.same(seen(s, forward.Add(2*time.Hour)), forward) // idle by then
	c.same(seen(ended, forward), c.now)
	many := make([]session.Seen, 600)
	for i := range many {
		many[i] = session.Seen{ID: s.ID, At: forward.Add(time.Duration(i) * time.Millisecond)}
	}
	c.ok(c.Sessions().Touch(c.ctx, many))
	c.same(seen(s, c.now), many[599].At)
	c.ok(c.Sessions().Touch(c.ctx, nil))
}

// SE-20: idle and absolute, by the times given and nothing else.
func sessionLimits(c *testcase) {
	u := c.person()
	s := c.signIn(u)
	live := func(after time.Duration) int {
		all, err := c.Sessions().Of(c.ctx, u.ID, s.CreatedAt.Add(after))
		c.ok(err)
		return len(all)
	}
	c.same([]int{live(0), live(time.Hour - 1000), live(time.Hour)}, []int{1, 1, 0})
	for h := range 24 {
		c.ok(c.Sessions().Touch(c.ctx, []session.Seen{{ID: s.ID, At: s.CreatedAt.Add(time.Duration(h)*time.Hour + 50*time.Minute - time.Duration(h)*time.Minute)}}))
	}
	c.same([]int{live(24*time.Hour - 1000), live(24 * time.Hour)}, []int{1, 0})
}

// TH-4: with an event each by the system, told to every cache, at most limit.
func sessionExpire(c *testcase) {
	u := c.person()
	idle := c.signIn(u)
	old := c.session(u)
	old.IdleTimeout, old.ExpiresAt = 100*time.Hour, c.now.Add(2*time.Hour)
	_, err := c.Sessions().Insert(c.ctx, old, 0, 0, c.event(session.Created, u.ID))
	c.ok(err)
	c.later(90 * time.Minute)
	fresh := c.signIn(u)
	expire := func(limit int) int {
		n, err := c.Sessions().Expire(c.ctx, c.now, limit)
		c.ok(err)
		return n
	}
	c.same([]int{expire(10), expire(10)}, []int{1, 0})
	c.same(len(c.heard()), 1)
	c.later(time.Hour - time.Minute)
	c.same(expire(10), 1)
	for _, tc := range []struct {
		s     session.Session
		cause session.Cause
	}{{idle, session.Idle}, {old, session.Expired}, {fresh, ""}} {
		got, err := c.Sessions().ByID(c.ctx, tc.s.ID)
		c.ok(err)
		c.same(got.EndCause, tc.cause)
	}
	events, err := c.Audit().Search(c.ctx, audit.Query{Name: session.ExpiredEvent.String(), Limit: 10})
	c.ok(err)
	c.same(len(events), 2)
	c.same([]any{events[1].Actor.Type, events[1].Session, events[1].Subject, events[1].Time}, []any{audit.ActorSystem, idle.ID.String(), u.ID.String(), idle.CreatedAt.Add(90 * time.Minute)})

	c.later(100 * time.Hour)
	for range 4 {
		c.signIn(u)
	}
	c.later(100 * time.Hour)
	c.same([]int{expire(3), expire(3), expire(3)}, []int{3, 2, 0})
}

func sessionSweep(c *testcase) {
	u := c.person()
	ended, live := c.signIn(u), c.signIn(u)
	c.ok(c.Sessions().End(c.ctx, u.ID, ended.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID)))
	sweep := func(before time.Time) int {
		n, err := c.Sessions().Sweep(c.ctx, before, 10)
		c.ok(err)
		return n
	}
	c.same([]int{sweep(c.now), sweep(c.now.Add(1000 * time.Hour)), sweep(c.now.Add(1000 * time.Hour))}, []int{0, 1, 0})
	_, err := c.Sessions().ByID(c.ctx, ended.ID)
	c.is(err, session.ErrUnknown)
	c.same(c.usable(live), true)
}
