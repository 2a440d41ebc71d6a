package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/user"
)

var lockouts = []test{
	{"count, clear", lockoutLife},
	{"no failure of many at once is lost", lockoutRace},
}

func lockoutLife(c *testcase) {
	u := c.person()
	load := func() lockout.Count {
		got, err := c.Lockouts().Load(c.ctx, u.ID)
		c.ok(err)
		return got
	}
	c.same(load(), lockout.Count{})
	for i, at := range []time.Duration{time.Minute, time.Hour, time.Second} {
		got, err := c.Lockouts().Fail(c.ctx, u.ID, c.now.Add(at), c.event(user.Updated, u.ID))
		c.ok(err)
		c.same(got.Failures, i+1)
	}
	c.same(load(), lockout.Count{Failures: 3, Last: c.now.Add(time.Hour)})
	c.ok(c.Lockouts().Clear(c.ctx, u.ID))
	c.ok(c.Lockouts().Clear(c.ctx, u.ID))
	c.same(load(), lockout.Count{})
	_, err := c.Challenges().Guess(c.ctx, u.ID, "otp", 7, c.now)
	c.ok(err)
	c.same(load(), lockout.Count{Second: true})
	c.ok(c.Challenges().Forgive(c.ctx, u.ID))
	c.same(load(), lockout.Count{})
	c.same(len(c.trail(u)), 4)
}

// PW-20 TH-33: incremented atomically, with an event each.
func lockoutRace(c *testcase) {
	u := c.person()
	c.race(nil, func(int) error {
		_, err := c.Lockouts().Fail(c.ctx, u.ID, c.now, c.event(user.Updated, u.ID))
		return err
	})
	got, err := c.Lockouts().Load(c.ctx, u.ID)
	c.ok(err)
	c.same(got.Failures, callers)
	c.same(len(c.trail(u)), callers+1)
}
