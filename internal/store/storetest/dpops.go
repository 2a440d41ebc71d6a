package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/dpop"
)

var dpops = []test{
	{"a proof is used once", dpopOnce},
	{"one epoch for all", dpopEpoch},
	{"of fifty one", dpopRace},
	{"forgotten when nobody accepts it any more", dpopSweep},
}

func (c *testcase) seen(n byte) dpop.Seen {
	return dpop.Seen{ID: [16]byte{n}, Made: c.now, Until: c.now.Add(dpop.Window)}
}

// OA-81 TH-27
func dpopOnce(c *testcase) {
	epoch, err := c.DPoP().Epoch(c.ctx)
	c.ok(err)
	c.ok(c.DPoP().Use(c.ctx, epoch, c.seen(1), c.now))
	c.is(c.DPoP().Use(c.ctx, epoch, c.seen(1), c.now), dpop.ErrReplayed)
	c.ok(c.DPoP().Use(c.ctx, epoch, c.seen(2), c.now))
	c.is(c.DPoP().Use(c.ctx, dpop.Epoch{9}, c.seen(3), c.now), dpop.ErrEpoch)
	c.is(c.DPoP().Use(c.ctx, dpop.Epoch{9}, c.seen(1), c.now), dpop.ErrEpoch)
	c.ok(c.DPoP().Use(c.ctx, epoch, c.seen(3), c.now))
}

func dpopEpoch(c *testcase) {
	var all sync.WaitGroup
	epochs := make([]dpop.Epoch, 8)
	errs := make([]error, len(epochs))
	for i := range epochs {
		all.Go(func() { epochs[i], errs[i] = c.DPoP().Epoch(c.ctx) })
	}
	all.Wait()
	for i := range epochs {
		c.ok(errs[i])
		c.same(epochs[i], epochs[0])
	}
	if epochs[0] == (dpop.Epoch{}) {
		c.Error("the epoch is zero")
	}
}

// OA-81
func dpopRace(c *testcase) {
	epoch, err := c.DPoP().Epoch(c.ctx)
	c.ok(err)
	var all sync.WaitGroup
	var taken, replayed atomic.Int64
	for range 50 {
		all.Go(func() {
			switch err := c.DPoP().Use(c.ctx, epoch, c.seen(1), c.now); {
			case err == nil:
				taken.Add(1)
			case errors.Is(err, dpop.ErrReplayed):
				replayed.Add(1)
			}
		})
	}
	all.Wait()
	c.same([]int64{taken.Load(), replayed.Load()}, []int64{1, 49})
}

func dpopSweep(c *testcase) {
	epoch, err := c.DPoP().Epoch(c.ctx)
	c.ok(err)
	for i := range byte(5) {
		c.ok(c.DPoP().Use(c.ctx, epoch, c.seen(i), c.now))
	}
	n, err := c.DPoP().Sweep(c.ctx, c.now, 10)
	c.ok(err)
	c.same(n, 0)
	for _, want := range []int{3, 2, 0} {
		n, err = c.DPoP().Sweep(c.ctx, c.now.Add(dpop.Window+time.Second), 3)
		c.ok(err)
		c.same(n, want)
	}
}
