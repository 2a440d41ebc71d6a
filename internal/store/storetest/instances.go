package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var instances = []test{
	{"facts", instanceFacts},
	{"a code is taken once", setupTaken},
	{"wrong codes close it", setupWrong},
	{"setup ends once", setupDone},
	{"one first administrator", setupRace},
	{"settings", instanceSettings},
	{"blobs", instanceBlobs},
}

func instanceFacts(c *testcase) {
	f, err := c.Instance().Facts(c.ctx)
	c.ok(err)
	if f.ID == [16]byte{} || f.Epoch == "" || f.Dev || !f.SetupDone.IsZero() || f.CreatedAt.IsZero() {
		c.Errorf("a fresh store has facts %+v", f)
	}
	c.ok(c.Instance().MarkDev(c.ctx)) // TH-29
	c.ok(c.Instance().MarkDev(c.ctx))
	again, err := c.Instance().Facts(c.ctx)
	c.ok(err)
	f.Dev = true
	c.same(again, f)
}

func (c *testcase) openSetup() secret.Digest {
	c.Helper()
	code := digest()
	c.ok(c.Instance().OpenSetup(c.ctx, code, c.now.Add(time.Hour), c.system()))
	return code
}

func (c *testcase) take(code, browser secret.Digest) error {
	return c.Instance().TakeSetup(c.ctx, code, browser, c.now, c.system())
}

// TH-35: consumed once, into one browser's cookie.
func setupTaken(c *testcase) {
	c.is(c.take(digest(), digest()), instance.ErrSetupClosed)
	c.is(c.take(secret.Digest{}, digest()), instance.ErrSetupClosed)
	old := c.openSetup()
	code := c.openSetup()
	c.is(c.take(old, digest()), instance.ErrSetupCode)
	c.later(time.Hour)
	c.is(c.take(code, digest()), instance.ErrSetupClosed)
	code = c.openSetup()
	c.once(instance.ErrSetupClosed, func(int) error { return c.take(code, digest()) })
	s, err := c.Instance().Setup(c.ctx)
	c.ok(err)
	if !s.Code.Equal(code) || s.Browser.IsZero() || s.Wrong != 0 || !s.ExpiresAt.Equal(c.now.Add(time.Hour)) {
		c.Error("setup does not read as kept")
	}
	c.is(c.take(digest(), digest()), instance.ErrSetupClosed)
}

// TH-35: each wrong code is counted, also under a race, and audited.
func setupWrong(c *testcase) {
	code := c.openSetup()
	var wrong atomic.Int64
	for range 3 {
		c.race(instance.ErrSetupClosed, func(int) error {
			err := c.take(digest(), digest())
			if errors.Is(err, instance.ErrSetupCode) {
				wrong.Add(1)
				return nil
			}
			return err
		})
	}
	c.same(wrong.Load(), int64(instance.MaxWrong))
	c.is(c.take(code, digest()), instance.ErrSetupClosed)
	events, err := c.Audit().Search(c.ctx, audit.Query{Name: instance.SetupWrongCode.String(), Limit: 200})
	c.ok(err)
	c.same(len(events), instance.MaxWrong)
	c.same(events[0].Outcome, audit.Failure)
	c.ok(c.take(c.openSetup(), digest()))
}

func setupDone(c *testcase) {
	browser := digest()
	complete := func(b secret.Digest) error { return c.Instance().CompleteSetup(c.ctx, b, c.now, c.system()) }
	c.is(complete(browser), instance.ErrSetupClosed)
	c.ok(c.take(c.openSetup(), browser))
	c.is(complete(digest()), instance.ErrSetupClosed)
	c.once(instance.ErrSetupDone, func(int) error { return complete(browser) })
	for _, err := range []error{
		complete(secret.Digest{}), c.take(digest(), digest()),
		c.Instance().OpenSetup(c.ctx, digest(), c.now.Add(time.Hour), c.system()),
	} {
		c.is(err, instance.ErrSetupDone)
	}
	_, err := c.Instance().Setup(c.ctx)
	c.is(err, instance.ErrSetupDone)
	f, err := c.Instance().Facts(c.ctx)
	c.ok(err)
	c.same(f.SetupDone, c.now)
}

// TH-35: the fact and the first administrator are one transaction.
func setupRace(c *testcase) {
	c.once(instance.ErrSetupDone, func(int) error {
		u := c.account("Admin")
		return c.InTx(c.ctx, func(tx store.Set) error {
			if err := tx.Users().Create(c.ctx, u, nil, c.event(user.Created, u.ID)); err != nil {
				return err
			}
			return tx.Instance().CompleteSetup(c.ctx, secret.Digest{}, c.now, c.system())
		})
	})
	n, err := c.Users().Count(c.ctx, user.Query{})
	c.ok(err)
	c.same(n, int64(1))
}

func instanceSettings(c *testcase) {
	put := func(value string, ifAbsent bool) string {
		got, err := c.Instance().PutSetting(c.ctx, "argon2", value, ifAbsent)
		c.ok(err)
		return got
	}
	got, err := c.Instance().Setting(c.ctx, "argon2")
	c.ok(err)
	c.same([]string{got, put("a", true), put("b", true), put("c", false)}, []string{"", "a", "a", "c"})
	got, err = c.Instance().Setting(c.ctx, "argon2")
	c.ok(err)
	c.same(got, "c")
}

func instanceBlobs(c *testcase) {
	blob := func() []byte {
		b, err := c.Instance().Blob(c.ctx, "cert")
		c.ok(err)
		return b
	}
	c.same(blob() == nil, true)
	for _, v := range []string{"one", "two"} {
		c.ok(c.Instance().PutBlob(c.ctx, "cert", []byte(v)))
		c.same(string(blob()), v)
	}
	c.ok(c.Instance().DeleteBlob(c.ctx, "cert"))
	c.ok(c.Instance().DeleteBlob(c.ctx, "cert"))
	c.same(blob() == nil, true)
}
