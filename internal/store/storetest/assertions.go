package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/assertion"
)

// OA-32 TH-27
var assertions = []test{
	{"used once", assertionOnce},
	{"fifty at once", assertionRace},
	{"forgotten when worthless", assertionSweep},
}

func assertionOnce(c *testcase) {
	one, other := assertion.Key(digest()), assertion.Key(digest())
	c.ok(c.Assertions().Remember(c.ctx, one, c.now.Add(time.Minute)))
	c.is(c.Assertions().Remember(c.ctx, one, c.now.Add(time.Hour)), assertion.ErrReplayed)
	c.ok(c.Assertions().Remember(c.ctx, other, c.now.Add(time.Minute)))
}

func assertionRace(c *testcase) {
	key := assertion.Key(digest())
	var group sync.WaitGroup
	var won, lost atomic.Int32
	for range 50 {
		group.Go(func() {
			switch err := c.Assertions().Remember(c.ctx, key, c.now.Add(time.Minute)); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, assertion.ErrReplayed):
				lost.Add(1)
			}
		})
	}
	group.Wait()
	c.same([]int32{won.Load(), lost.Load()}, []int32{1, 49})
}

func assertionSweep(c *testcase) {
	old, young := assertion.Key(digest()), assertion.Key(digest())
	c.ok(c.Assertions().Remember(c.ctx, old, c.now.Add(-time.Second)))
	c.ok(c.Assertions().Remember(c.ctx, young, c.now.Add(time.Second)))
	n, err := c.Assertions().Sweep(c.ctx, c.now, 10)
	c.ok(err)
	c.same(n, 1)
	c.ok(c.Assertions().Remember(c.ctx, old, c.now))
	c.is(c.Assertions().Remember(c.ctx, young, c.now), assertion.ErrReplayed)
}
