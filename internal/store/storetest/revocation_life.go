package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// tokenLife is the longest life of access tokens where none longer was issued.
const tokenLife = 15 * time.Minute

func (c *testcase) endOne(s session.Session) {
	c.Helper()
	c.ok(c.Sessions().End(c.ctx, s.User, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, s.User)))
}

// newest is the last entry written.
func (c *testcase) newest() revocation.Entry {
	c.Helper()
	all := c.since(0)
	return all[len(all)-1]
}

// TH-15: an entry lives as long as the longest token ever issued, not as long as
// tokens are issued for now; what a key signed is void for ever.
func revocationLife(c *testcase) {
	u := c.person()
	want := func(life time.Duration) {
		c.Helper()
		c.endAll(u, session.ID{})
		c.same(c.newest().Until, c.now.Add(life+2*revocation.Leeway))
	}
	want(tokenLife)
	for _, life := range []time.Duration{5 * time.Minute, time.Hour, 5 * time.Minute} {
		c.ok(c.Revocations().Outlast(c.ctx, life))
	}
	want(time.Hour)
	c.ok(c.Revocations().Put(c.ctx, revocation.Entry{Kind: revocation.Key, Value: feed.RawValue(feed.Key, "k"), At: c.now}))
	c.same(c.newest().Until.IsZero(), true)
	n, err := c.Revocations().Sweep(c.ctx, c.now.Add(100*365*24*time.Hour), 10)
	c.ok(err)
	c.same([]int{n, len(c.since(0))}, []int{2, 1})
}

// TH-17: an account that ends one session after the other has at most a budget
// of entries; beyond it one entry ends all its tokens. Others are untouched.
func revocationBudget(c *testcase) {
	u, other := c.person(), c.person()
	kept := c.signIn(other)
	for range revocation.Budget + 10 {
		c.endOne(c.signIn(u))
	}
	all := c.since(0)
	last := all[len(all)-1]
	c.same(len(all), 1)
	c.same([]any{last.Kind, last.Value, last.Version}, []any{revocation.Refresh, [16]byte(u.ID), c.reread(u).TokenVersion})
	c.same([]int64{c.reread(u).TokenVersion, c.reread(u).Version}, []int64{11, 1})
	c.same(c.reread(other).TokenVersion, int64(1))
	c.same(c.usable(kept), true)

	c.later(time.Hour)
	c.endOne(c.signIn(u))
	c.same(c.newest().Kind, revocation.Session) // the budget is whole again
}

// TH-15: a snapshot holds what lives at its number, whoever writes meanwhile,
// and what is made after it has a higher number.
func revocationSnapshot(c *testcase) {
	old := c.person()
	c.endAll(old, session.ID{})
	c.later(time.Hour)
	u, late := c.person(), c.person()
	c.endAll(u, session.ID{})
	c.ok(c.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: "x"}, 0, c.now, c.event(user.Updated, u.ID)))
	var number int64
	var got []revocation.Entry
	c.ok(c.Revocations().Snapshot(c.ctx, c.now, func(n int64, epoch string, page []revocation.Entry) error {
		if number = n; epoch == "" {
			c.Error("no epoch")
		}
		got = append(got, page...)
		return nil
	}))
	c.same(len(got), 1)
	c.same([]any{got[0].Kind, got[0].Value, got[0].Version}, []any{revocation.Subject, [16]byte(u.ID), int64(2)})
	c.endAll(late, session.ID{})
	tail := c.since(number)
	c.same(len(tail), 1)
	c.same(tail[0].Value, [16]byte(late.ID))
}

// TH-12: of many who notice that commits were lost one begins another epoch, in
// which versions are above all that were ever issued.
func revocationRewound(c *testcase) {
	u := c.person()
	_, old, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	c.endAll(u, session.ID{})
	c.race(nil, func(int) error { return c.Revocations().Rewound(c.ctx, old, "fresh", c.now) })
	_, epoch, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	floor := c.now.UnixMicro()
	all := c.since(0)
	c.same([]any{epoch, len(all), all[1].Kind, all[1].Version}, []any{"fresh", 2, revocation.Instance, floor})
	c.same([]int64{c.reread(u).TokenVersion, c.reread(c.person()).TokenVersion}, []int64{floor, floor})
	c.endAll(u, session.ID{})
	c.same(c.newest().Version, floor+1)
	c.ok(c.Revocations().Rewound(c.ctx, "fresh", "again", c.now)) // the clock stood still
	c.same(c.newest().Version, floor+2)
}
