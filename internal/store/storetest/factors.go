package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

var totpTests = []test{
	{"pending, confirmed, used", totpLife},
	{"only one pending", totpPending},
	{"confirmed once", totpConfirmOnce},
	{"a step is taken once", totpStepOnce},
	{"at most ten", totpMany},
	{"rename and remove only one's own", totpOwn},
	{"stale enrolments are forgotten", totpSweep},
}

var recoveryTests = []test{
	{"a set is replaced whole", recoveryReplace},
	{"a code is good once", recoveryOnce},
	{"cleared", recoveryClear},
}

func (c *testcase) authenticator(u user.User, name string) totp.Device {
	c.Helper()
	d := totp.Device{ID: totp.NewID(c.now.Add(time.Duration(c.next()) * time.Millisecond)), User: u.ID, Name: name, Secret: []byte("sealed"), CreatedAt: c.now}
	c.ok(c.TOTP().Begin(c.ctx, d))
	return d
}

func (c *testcase) confirmed(u user.User, name string, step int64) totp.Device {
	c.Helper()
	d := c.authenticator(u, name)
	c.ok(c.TOTP().Confirm(c.ctx, u.ID, d.ID, step, c.now, c.event(totp.Added, u.ID)))
	d.ConfirmedAt, d.LastStep = c.now, step
	return d
}

func totpLife(c *testcase) {
	u := c.person()
	d := c.authenticator(u, "Phone")
	got, err := c.TOTP().Pending(c.ctx, u.ID, d.ID, c.now.Add(-time.Second))
	c.ok(err)
	c.same(got, d)
	all, err := c.TOTP().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(len(all), 0)
	c.is(c.TOTP().Use(c.ctx, u.ID, d.ID, 9, c.now), totp.ErrReplayed)
	c.later(time.Minute)
	c.ok(c.TOTP().Confirm(c.ctx, u.ID, d.ID, 7, c.now, c.event(totp.Added, u.ID)))
	d.ConfirmedAt, d.LastStep = c.now, 7
	all, err = c.TOTP().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(all, []totp.Device{d})
	c.ok(c.TOTP().Use(c.ctx, u.ID, d.ID, 8, c.later(time.Minute)))
	d.LastStep, d.UsedAt = 8, c.now
	all, err = c.TOTP().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(all, []totp.Device{d})
	c.same(c.trail(u), []string{user.Created.String(), totp.Added.String()})
}

func totpPending(c *testcase) {
	u := c.person()
	first := c.authenticator(u, "one")
	kept := c.confirmed(u, "kept", 1)
	second := c.authenticator(u, "two")
	_, err := c.TOTP().Pending(c.ctx, u.ID, first.ID, c.now.Add(-time.Second))
	c.is(err, totp.ErrPending)
	_, err = c.TOTP().Pending(c.ctx, c.person().ID, second.ID, c.now.Add(-time.Second))
	c.is(err, totp.ErrPending)
	_, err = c.TOTP().Pending(c.ctx, u.ID, second.ID, c.now)
	c.is(err, totp.ErrPending)
	_, err = c.TOTP().Pending(c.ctx, u.ID, kept.ID, c.now.Add(-time.Second))
	c.is(err, totp.ErrPending)
}

func totpConfirmOnce(c *testcase) {
	u := c.person()
	d := c.authenticator(u, "Phone")
	c.once(totp.ErrPending, func(i int) error {
		return c.TOTP().Confirm(c.ctx, u.ID, d.ID, int64(i), c.now, c.event(totp.Added, u.ID))
	})
}

// PW-42
func totpStepOnce(c *testcase) {
	u := c.person()
	d := c.confirmed(u, "Phone", 100)
	c.once(totp.ErrReplayed, func(int) error { return c.TOTP().Use(c.ctx, u.ID, d.ID, 101, c.now) })
	c.is(c.TOTP().Use(c.ctx, u.ID, d.ID, 101, c.now), totp.ErrReplayed)
	c.is(c.TOTP().Use(c.ctx, u.ID, d.ID, 100, c.now), totp.ErrReplayed)
	c.is(c.TOTP().Use(c.ctx, c.person().ID, d.ID, 102, c.now), totp.ErrReplayed)
	c.ok(c.TOTP().Use(c.ctx, u.ID, d.ID, 102, c.now))
}

func totpMany(c *testcase) {
	u := c.person()
	for range totp.MaxDevices {
		c.confirmed(u, "Phone", 1)
	}
	d := c.authenticator(u, "one more")
	c.is(c.TOTP().Confirm(c.ctx, u.ID, d.ID, 1, c.now, c.event(totp.Added, u.ID)), totp.ErrTooMany)
}

func totpOwn(c *testcase) {
	u, other := c.person(), c.person()
	d := c.confirmed(u, "Phone", 1)
	c.is(c.TOTP().Rename(c.ctx, other.ID, d.ID, "mine", c.event(totp.Renamed, other.ID)), totp.ErrUnknown)
	c.is(c.TOTP().Remove(c.ctx, other.ID, d.ID, c.event(totp.Removed, other.ID)), totp.ErrUnknown)
	c.ok(c.TOTP().Rename(c.ctx, u.ID, d.ID, "Tablet", c.event(totp.Renamed, u.ID)))
	all, err := c.TOTP().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(all[0].Name, "Tablet")
	c.ok(c.TOTP().Remove(c.ctx, u.ID, d.ID, c.event(totp.Removed, u.ID)))
	c.is(c.TOTP().Remove(c.ctx, u.ID, d.ID, c.event(totp.Removed, u.ID)), totp.ErrUnknown)
}

func totpSweep(c *testcase) {
	u := c.person()
	c.confirmed(u, "kept", 1)
	d := c.authenticator(u, "stale")
	c.later(totp.PendingLife)
	c.is(c.TOTP().Confirm(c.ctx, u.ID, d.ID, 1, c.now, c.event(totp.Added, u.ID)), totp.ErrPending)
	n, err := c.TOTP().Sweep(c.ctx, c.later(time.Second).Add(-totp.PendingLife), 10)
	c.ok(err)
	c.same(n, 1)
}

func (c *testcase) codes(u user.User, n int) []recovery.Digest {
	c.Helper()
	set := make([]recovery.Digest, n)
	for i := range set {
		set[i] = recovery.Digest(digest())
	}
	c.ok(c.Recovery().Replace(c.ctx, u.ID, set, c.now, c.event(recovery.Made, u.ID)))
	return set
}

func recoveryReplace(c *testcase) {
	u := c.person()
	old := c.codes(u, 3)
	c.later(time.Hour)
	set := c.codes(u, 4)
	c.is(c.Recovery().Use(c.ctx, u.ID, old[0], c.now, c.event(recovery.Used, u.ID)), recovery.ErrWrong)
	made := c.now
	c.ok(c.Recovery().Use(c.ctx, u.ID, set[0], c.later(time.Minute), c.event(recovery.Used, u.ID)))
	st, err := c.Recovery().State(c.ctx, u.ID)
	c.ok(err)
	c.same(st, recovery.State{Left: 3, CreatedAt: made, UsedAt: c.now})
	for d, want := range map[recovery.Digest]bool{set[0]: false, set[1]: true, old[1]: false} {
		held, err := c.Recovery().Holds(c.ctx, u.ID, d)
		c.ok(err)
		c.same(held, want)
	}
}

// PW-45
func recoveryOnce(c *testcase) {
	u := c.person()
	set := c.codes(u, 2)
	c.once(recovery.ErrWrong, func(int) error {
		return c.Recovery().Use(c.ctx, u.ID, set[0], c.now, c.event(recovery.Used, u.ID))
	})
	c.is(c.Recovery().Use(c.ctx, c.person().ID, set[1], c.now, c.event(recovery.Used, u.ID)), recovery.ErrWrong)
}

func recoveryClear(c *testcase) {
	u := c.person()
	set := c.codes(u, 2)
	c.ok(c.Recovery().Clear(c.ctx, u.ID))
	st, err := c.Recovery().State(c.ctx, u.ID)
	c.ok(err)
	c.same(st, recovery.State{})
	c.is(c.Recovery().Use(c.ctx, u.ID, set[0], c.now, c.event(recovery.Used, u.ID)), recovery.ErrWrong)
}
