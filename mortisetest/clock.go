package mortisetest

import (
	"context"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/clock"
)

// Clock is the clock of a Server. It stands still until it is moved, and is safe
// for concurrent use.
type Clock struct {
	fake   *clock.Fake
	before func(context.Context) error // what happens within seconds: last uses are recorded
	after  func(context.Context) error // what happens within a minute: what is over is swept
}

// Now is what time it is.
func (c *Clock) Now() time.Time { return c.fake.Now() }

// Advance lets d pass: what would have been written before is written, and what is
// over afterwards ends. It panics when d is negative or the store fails.
func (c *Clock) Advance(d time.Duration) {
	c.do(c.before)
	c.fake.Advance(d)
	c.do(c.after)
}

// Jump moves the clock as a wrong time server does, while no time passes. Waiting
// periods and sweeps pause until it is moved back.
func (c *Clock) Jump(d time.Duration) { c.fake.Jump(d) }

func (c *Clock) do(act func(context.Context) error) {
	if err := act(context.Background()); err != nil {
		panic(fmt.Sprintf("mortisetest: while the clock moved: %v", err))
	}
}
