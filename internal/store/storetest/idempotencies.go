package storetest

import (
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/idempotency"
)

var idempotencies = []test{
	{"begin, finish, abandon, sweep", idempotencyLife},
	{"one of many begins", idempotencyRace},
	{"one of many takes over what a dead process left", idempotencyTakeOver},
}

func (c *testcase) entry() idempotency.Entry {
	return idempotency.Entry{Scope: digest(), Body: digest(), CreatedAt: c.now}
}

// TH-31
func idempotencyLife(c *testcase) {
	e := c.entry()
	begin := func() (idempotency.Entry, bool) {
		got, begun, err := c.Idempotency().Begin(c.ctx, e, c.now)
		c.ok(err)
		return got, begun
	}
	_, begun := begin()
	c.same(begun, true)
	got, begun := begin()
	c.same([]any{got, begun}, []any{e, false})
	c.ok(c.Idempotency().Abandon(c.ctx, e))
	_, begun = begin()
	c.same(begun, true)
	c.ok(c.Idempotency().Finish(c.ctx, e, 201, []byte("sealed")))
	c.ok(c.Idempotency().Finish(c.ctx, e, 500, nil))
	c.ok(c.Idempotency().Abandon(c.ctx, e))
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

func idempotencyRace(c *testcase) {
	e := c.entry()
	var begun atomic.Int64
	c.race(nil, func(int) error {
		_, ok, err := c.Idempotency().Begin(c.ctx, e, c.now)
		if ok {
			begun.Add(1)
		}
		return err
	})
	c.same(begun.Load(), int64(1))
}

// TH-31: a key whose process died is free again after its lease, for one request
// with the same body; the process, should it live, changes nothing any more.
func idempotencyTakeOver(c *testcase) {
	dead := c.entry()
	begin := func(e idempotency.Entry) (idempotency.Entry, bool) {
		got, begun, err := c.Idempotency().Begin(c.ctx, e, e.CreatedAt.Add(-idempotency.Lease))
		c.ok(err)
		return got, begun
	}
	begin(dead)
	heir := dead
	heir.CreatedAt = dead.CreatedAt.Add(idempotency.Lease)
	got, begun := begin(heir)
	c.same([]any{got, begun}, []any{dead, false})

	heir.CreatedAt = heir.CreatedAt.Add(time.Microsecond)
	other := heir
	other.Body = digest()
	got, begun = begin(other)
	c.same([]any{got, begun}, []any{dead, false})

	var heirs atomic.Int64
	c.race(nil, func(int) error {
		_, ok, err := c.Idempotency().Begin(c.ctx, heir, heir.CreatedAt.Add(-idempotency.Lease))
		if ok {
			heirs.Add(1)
		}
		return err
	})
	c.same(heirs.Load(), int64(1))

	c.ok(c.Idempotency().Abandon(c.ctx, dead))
	c.ok(c.Idempotency().Finish(c.ctx, dead, 500, nil))
	got, begun = begin(heir)
	c.same([]any{got, begun}, []any{heir, false})
	c.ok(c.Idempotency().Finish(c.ctx, heir, 201, []byte("answer")))
	heir.CreatedAt = heir.CreatedAt.Add(idempotency.Life)
	got, begun = begin(heir)
	c.same([]any{got.Status, string(got.Sealed), begun}, []any{201, "answer", false})
}
