package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var deviceTests = []test{
	{"what is kept is what is read", deviceRoundTrip},
	{"decided once, redeemed once", deviceOnce},
	{"asked too often, it slows down for good", devicePolled},
	{"nobody approves after the act", deviceBirth},
	{"they are forgotten", deviceSwept},
}

// waiting is a device that asks.
func (c *testcase) waiting() devicecode.Authorization {
	c.Helper()
	a := devicecode.Authorization{
		Digest: digest(), UserCode: digest(), Client: "tv", ClientVersion: 3, Scope: "read", Audiences: []string{audience}, IP: home, UserAgent: "TV",
		Place: "Lyon", CreatedAt: c.now, ExpiresAt: c.now.Add(devicecode.Life), Interval: devicecode.Interval, State: devicecode.Pending,
	}
	c.ok(c.DeviceCodes().Insert(c.ctx, a, c.event(devicecode.Requested, user.ID{})))
	return a
}

// approver is a person in a session that lives.
func (c *testcase) approver() (user.User, devicecode.Approver) {
	c.Helper()
	u := c.withPassword()
	s := c.session(u)
	_, err := c.Sessions().Insert(c.ctx, s, 0, 1, c.event(session.Created, u.ID))
	c.ok(err)
	return u, devicecode.Approver{User: u.ID, UserVersion: u.Version, Session: s.ID, Methods: []string{"pwd"}, ACR: "1", AuthTime: c.now}
}

func (c *testcase) approve(a devicecode.Authorization, by devicecode.Approver) error {
	return c.DeviceCodes().Approve(c.ctx, a.UserCode, by, c.now, c.event(devicecode.Approved, by.User))
}

func deviceRoundTrip(c *testcase) {
	a, d := c.waiting(), c.DeviceCodes()
	got, err := d.ByUserCode(c.ctx, a.UserCode, c.now)
	c.ok(err)
	c.same(got, a)
	twice := a
	twice.Digest = digest()
	c.is(d.Insert(c.ctx, twice, c.system()), devicecode.ErrTaken)
	_, by := c.approver()
	c.ok(c.approve(a, by))
	got, err = d.Poll(c.ctx, a.Digest, "tv", c.now)
	c.ok(err)
	a.State, a.By = devicecode.Approval, by
	c.same(got, a)
	for _, err := range []error{
		c.approve(a, by), d.Deny(c.ctx, a.UserCode, c.now, c.system()), d.Redeem(c.ctx, a.Digest, "radio", c.now), d.Redeem(c.ctx, digest(), "tv", c.now),
		d.Redeem(c.ctx, a.Digest, "tv", a.ExpiresAt), d.Redeem(c.ctx, c.waiting().Digest, "tv", c.now), d.Deny(c.ctx, digest(), c.now, c.system()),
	} {
		c.is(err, devicecode.ErrUnknown)
	}
	for _, at := range []time.Time{c.now, a.ExpiresAt} {
		_, err = d.ByUserCode(c.ctx, a.UserCode, at)
		c.is(err, devicecode.ErrUnknown)
	}
	_, err = d.Poll(c.ctx, a.Digest, "radio", c.now)
	c.is(err, devicecode.ErrUnknown)
	late := c.waiting()
	_, err = d.ByUserCode(c.ctx, late.UserCode, late.ExpiresAt)
	c.is(err, devicecode.ErrUnknown)
	c.is(d.Deny(c.ctx, late.UserCode, late.ExpiresAt, c.system()), devicecode.ErrUnknown)
	c.is(d.Approve(c.ctx, late.UserCode, by, late.ExpiresAt, c.system()), devicecode.ErrUnknown)
}

// OA-63: fifty who decide, and fifty who redeem.
func deviceOnce(c *testcase) {
	a := c.waiting()
	_, by := c.approver()
	c.once(devicecode.ErrUnknown, func(int) error { return c.approve(a, by) })
	c.once(devicecode.ErrUnknown, func(int) error { return c.DeviceCodes().Redeem(c.ctx, a.Digest, "tv", c.now) })
	b := c.waiting()
	c.once(devicecode.ErrUnknown, func(i int) error {
		if i%2 == 0 {
			return c.DeviceCodes().Deny(c.ctx, b.UserCode, c.now, c.system())
		}
		return c.approve(b, by)
	})
}

// OA-63: five seconds more each time, and they stay.
func devicePolled(c *testcase) {
	a, d := c.waiting(), c.DeviceCodes()
	poll := func(after time.Duration) devicecode.Authorization {
		c.now = c.now.Add(after)
		got, err := d.Poll(c.ctx, a.Digest, "tv", c.now)
		c.ok(err)
		return got
	}
	c.same(poll(0).TooSoon(c.now), false)
	c.same(poll(5*time.Second).TooSoon(c.now), false)
	c.same(poll(time.Second).TooSoon(c.now), true)
	c.same(poll(5*time.Second).TooSoon(c.now), true) // it should have waited ten
	got := poll(15 * time.Second)
	c.same([]any{got.TooSoon(c.now), got.Interval}, []any{false, 15 * time.Second})
	soon := 0
	b := c.waiting()
	c.race(nil, func(int) error {
		got, err := d.Poll(c.ctx, b.Digest, "tv", c.now)
		c.mu.Lock()
		defer c.mu.Unlock()
		if got.TooSoon(c.now) {
			soon++
		}
		return err
	})
	c.same(soon, callers-1)
}

// TH-1: an approval that the act has overtaken lets nobody in.
func deviceBirth(c *testcase) {
	for _, name := range []string{"ban", "delete", "end all"} { // a new password alone ends no session
		a, act := c.waiting(), acts[name]
		u, by := c.approver()
		c.ok(c.InTx(c.ctx, func(tx store.Set) error { return act(c, tx, u) }))
		if err := c.approve(a, by); err == nil {
			c.Errorf("%s: approved afterwards", name)
		}
		_, err := c.DeviceCodes().ByUserCode(c.ctx, a.UserCode, c.now)
		c.ok(err)
	}
	a := c.waiting()
	u, by := c.approver()
	c.ok(c.Sessions().End(c.ctx, u.ID, session.ID(by.Session), session.SignedOut, c.now, c.system()))
	c.is(c.approve(a, by), devicecode.ErrBirth)
}

func deviceSwept(c *testcase) {
	a := c.waiting()
	n, err := c.DeviceCodes().Sweep(c.ctx, a.ExpiresAt, 10)
	c.ok(err)
	c.same(n, 0)
	n, err = c.DeviceCodes().Sweep(c.ctx, a.ExpiresAt.Add(time.Second), 10)
	c.ok(err)
	c.same(n, 1)
}
