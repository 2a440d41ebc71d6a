package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var revocations = []test{
	{"numbered in order, none missing", revocationNumbers},
	{"told after the commit and before the answer", revocationTold},
	{"nothing on roll-back", revocationRollback},
	{"an act held open is not passed over", revocationGap},
	{"swept", revocationSwept},
	{"live as long as the longest token", revocationLife},
	{"single ones have a budget", revocationBudget},
	{"a snapshot is one cut", revocationSnapshot},
	{"another history", revocationRewound},
	{"authority lost", authorityLost},
	{"authority lost by many", authorityLostByMany},
}

func (c *testcase) since(number int64) []revocation.Entry {
	c.Helper()
	all, err := c.Revocations().Since(c.ctx, number, 1000)
	c.ok(err)
	return all
}

func revocationNumbers(c *testcase) {
	u := c.person()
	head, epoch, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	if epoch == "" {
		c.Error("no epoch")
	}
	c.race(nil, func(int) error {
		_, err := c.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.Revoked, c.now, c.event(session.RevokedEvent, u.ID))
		return err
	})
	all := c.since(head)
	c.same(len(all), callers)
	for i, e := range all {
		want := revocation.Entry{Number: head + int64(i) + 1, Kind: revocation.Subject, Value: u.ID, Version: e.Version, At: c.now, Until: e.Until}
		c.same(e, want)
	}
	now, _, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	c.same(now, head+callers)
	part, err := c.Revocations().Since(c.ctx, head+3, 2)
	c.ok(err)
	c.same(part, all[3:5])
	c.same(len(c.since(now)), 0)
}

// TH-10 TH-26: whoever is told can already read what was done.
func revocationTold(c *testcase) {
	u := c.person()
	s := c.signIn(u)
	c.heard()
	var seen []bool
	c.OnRevoke(func([]revocation.Entry) { seen = append(seen, c.usable(s)) })
	c.ok(c.InTx(c.ctx, func(tx store.Set) error {
		err := tx.Sessions().End(c.ctx, u.ID, s.ID, session.SignedOut, c.now, c.event(session.EndedEvent, u.ID))
		if err == nil {
			err = tx.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: "x"}, 0, c.now, c.event(user.Updated, u.ID))
		}
		if len(c.heard()) != 0 {
			c.Error("told before the commit")
		}
		return err
	}))
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Session, Value: s.ID, At: c.now}, refreshOf(u.ID, c.now)})
	c.same(seen, []bool{false})
}

func revocationRollback(c *testcase) {
	u := c.person()
	head, _, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	stop := errors.New("stop")
	c.is(c.InTx(c.ctx, func(tx store.Set) error {
		if err := tx.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID)); err != nil {
			return err
		}
		return stop
	}), stop)
	c.same(len(c.heard()), 0)
	c.same(len(c.since(head)), 0)
	c.endAll(u, session.ID{})
	c.same(len(c.since(head)), 1)
}

// TH-2: a follower that has read number n has read all up to n.
func revocationGap(c *testcase) {
	a, b := c.person(), c.person()
	head, _, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	var wg sync.WaitGroup
	var once sync.Once
	var during []revocation.Entry
	c.ok(c.InTx(c.ctx, func(tx store.Set) error {
		if _, err := tx.Sessions().EndAll(c.ctx, a.ID, session.ID{}, session.Revoked, c.now, c.event(session.RevokedEvent, a.ID)); err != nil {
			return err
		}
		once.Do(func() {
			wg.Go(func() { c.endAll(b, session.ID{}) })
			during = c.since(head)
		})
		return nil
	}))
	wg.Wait()
	last := head
	if n := len(during); n > 0 {
		last = during[n-1].Number
	}
	seen := map[[16]byte]bool{}
	for _, e := range append(during, c.since(last)...) {
		seen[e.Value] = true
	}
	c.same([]bool{seen[a.ID], seen[b.ID]}, []bool{true, true})
}

func revocationSwept(c *testcase) {
	u := c.person()
	c.endAll(u, session.ID{})
	head, _, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	sweep := func(before time.Time) int {
		n, err := c.Revocations().Sweep(c.ctx, before, 10)
		c.ok(err)
		return n
	}
	until := c.now.Add(tokenLife + 2*revocation.Leeway)
	c.same([]int{sweep(until), sweep(until.Add(time.Second))}, []int{0, 1})
	swept, err := c.Revocations().Swept(c.ctx)
	c.ok(err)
	c.same(swept, head)
	again, _, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	c.same(again, head)
}
