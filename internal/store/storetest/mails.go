package storetest

import (
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
)

var mails = []test{
	{"claim, retry, finish", mailLife},
	{"a lease is held by one", mailRace},
}

func (c *testcase) queued(wait time.Duration) mail.Queued {
	c.Helper()
	c.later(time.Millisecond)
	m := mail.Queued{ID: mail.NewID(c.now), Channel: "email", Template: "verify", Sealed: []byte("sealed"), NextAt: c.now.Add(wait), CreatedAt: c.now}
	c.ok(c.Mail().Enqueue(c.ctx, m))
	return m
}

func (c *testcase) claim(limit int) (ids []mail.ID) {
	c.Helper()
	all, err := c.Mail().Claim(c.ctx, c.now, time.Minute, limit)
	c.ok(err)
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	return ids
}

func mailLife(c *testcase) {
	first := c.queued(0)
	second, later := c.queued(0), c.queued(time.Hour)
	claimed, err := c.Mail().Claim(c.ctx, c.now, time.Minute, 1)
	c.ok(err)
	c.same(claimed, []mail.Queued{first})
	c.same(c.claim(10), []mail.ID{second.ID})
	c.same(len(c.claim(10)), 0)
	depth := func() mail.Depth {
		d, err := c.Mail().Depth(c.ctx, c.now)
		c.ok(err)
		return d
	}
	c.same(depth(), mail.Depth{Waiting: 3, Oldest: first.CreatedAt})
	c.ok(c.Mail().Sent(c.ctx, first.ID, c.now))
	c.ok(c.Mail().Retry(c.ctx, second.ID, c.now.Add(10*time.Second), 1, "busy\x00\xff"))
	c.later(30 * time.Second)
	again, err := c.Mail().Claim(c.ctx, c.now, time.Minute, 10)
	c.ok(err)
	c.same([]any{len(again), again[0].ID, again[0].Attempts}, []any{1, second.ID, 1})
	c.later(time.Minute) // the sender died
	c.same(c.claim(10), []mail.ID{second.ID})
	c.ok(c.Mail().Dead(c.ctx, second.ID, c.now, "refused"))
	c.ok(c.Mail().Retry(c.ctx, second.ID, c.now, 2, "too late"))
	c.same(len(c.claim(10)), 0)
	c.same(depth(), mail.Depth{Waiting: 1, Dead: 1, Oldest: later.CreatedAt})
	sweep := func(before time.Time) int {
		n, err := c.Mail().Sweep(c.ctx, before, 10)
		c.ok(err)
		return n
	}
	c.same([]int{sweep(c.now), sweep(c.now.Add(time.Hour))}, []int{1, 1})
	c.same(depth(), mail.Depth{Waiting: 1, Oldest: later.CreatedAt})
	c.ok(c.Mail().Sent(c.ctx, later.ID, c.now))
	c.same(depth(), mail.Depth{})
}

func mailRace(c *testcase) {
	for range 100 {
		c.queued(0)
	}
	var mu sync.Mutex
	seen := map[mail.ID]int{}
	c.race(nil, func(int) error {
		all, err := c.Mail().Claim(c.ctx, c.now, time.Minute, 7)
		mu.Lock()
		defer mu.Unlock()
		for _, m := range all {
			seen[m.ID]++
		}
		return err
	})
	for id, n := range seen {
		if n > 1 {
			c.Errorf("%v was claimed %d times", id, n)
		}
	}
	for _, id := range c.claim(100) { // passed over while locked
		seen[id]++
	}
	c.same(len(seen), 100)
}
