package storetest

import (
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/idempotency"
)

var idempotencies = []test{
	{"begin, finish, abandon, sweep", idempotencyLife},
	{"one of many begins", idempotencyRace},
	{"one that died while running gives way once", idempotencyDead},
}

func (c *testcase) entry() idempotency.Entry {
	return idempotency.Entry{Scope: digest(), Body: digest(), CreatedAt: c.now}
}

// TH-31
func idempotencyLife(c *testcase) {
	e := c.entry()
	begin := func() (idempotency.Entry, bool) {
		got, begun, err := c.Idempotency().Begin(c.ctx, e)
		c.ok(err)
		return got, begun
	}
	_, begun := begin()
	c.same(begun, true)
	got, begun := begin()
	c.same([]any{got, begun}, []any{e, false})
	c.ok(c.Idempotency().Abandon(c.ctx, e.Scope))
	_, begun = begin()
	c.same(begun, true)
	c.ok(c.Idempotency().Finish(c.ctx, e.Scope, 201, []byte("sealed")))
	c.ok(c.Idempotency().Finish(c.ctx, e.Scope, 500, nil))
	c.ok(c.Idempotency().Abandon(c.ctx, e.Scope))
	e.Body = digest()
	got, begun = begin()
	c.same([]any{got.Status, string(got.Sealed), got.Body == e.Body, begun}, []any{201, "sealed", false, false})
	sweep := func(before time.Time) int {
		n, err := c.Idempotency().Sweep(c.ctx, before, 10)
		c.ok(err)
		return n
	}
	c.same([]int{sweep(c.now), sweep(c.now.Add(time.Second))}, []int{0, 1})
}

// TH-31: a key whose request died with its process is free again, for one.
func idempotencyDead(c *testcase) {
	e := c.entry()
	_, begun, err := c.Idempotency().Begin(c.ctx, e)
	c.ok(err)
	c.same(begun, true)
	e.CreatedAt = e.CreatedAt.Add(idempotency.Running)
	_, begun, err = c.Idempotency().Begin(c.ctx, e)
	c.ok(err)
	c.same(begun, false)
	e.CreatedAt, e.Body = e.CreatedAt.Add(time.Second), digest()
	var won atomic.Int64
	c.race(nil, func(int) error {
		_, ok, err := c.Idempotency().Begin(c.ctx, e)
		if ok {
			won.Add(1)
		}
		return err
	})
	c.same(won.Load(), int64(1))
	c.ok(c.Idempotency().Finish(c.ctx, e.Scope, 201, nil))
	e.CreatedAt = e.CreatedAt.Add(time.Hour)
	got, begun, err := c.Idempotency().Begin(c.ctx, e)
	c.ok(err)
	c.same([]any{got.Status, begun}, []any{201, false})
}

func idempotencyRace(c *testcase) {
	e := c.entry()
	var begun atomic.Int64
	c.race(nil, func(int) error {
		_, ok, err := c.Idempotency().Begin(c.ctx, e)
		if ok {
			begun.Add(1)
		}
		return err
	})
	c.same(begun.Load(), int64(1))
}
