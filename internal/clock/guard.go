package clock

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// JumpOver is how far the clocks may disagree before time stands still.
	JumpOver = time.Minute
	// SkewOver is how far a replica may be off the database and be ready.
	SkewOver = 5 * time.Second

	slew = 1000 // one part in: how fast drift is followed; daemons slew at half of that
)

// Event is a change that Check or CheckDatabase found.
type Event struct {
	Steady bool          // false: a jump; true: the clocks agree again
	By     time.Duration // wall clock ahead (+) or behind (−)
	Than   string        // "monotonic" or "database"
	At     time.Time     // by the wall clock
}

// Database is a store that keeps time independently of this machine.
type Database interface {
	Now(ctx context.Context) (time.Time, error)
}

// Guard watches the clocks. It is safe for concurrent use.
type Guard struct {
	wall   func() time.Time
	mono   func() time.Duration
	report func(Event)

	mu       sync.Mutex
	base     time.Time     // wall time at monotonic zero, as followed
	followed time.Duration // monotonic time at which base was last moved
	jumped   bool          // against monotonic time
	skewed   bool          // against the database, by more than JumpOver
	skew     time.Duration
}

// NewGuard makes a steady guard. report is called once for every change, outside
// of locks, by whoever checks; it records server.clock_jump and counts.
func NewGuard(wall func() time.Time, mono func() time.Duration, report func(Event)) *Guard {
	m := mono()
	return &Guard{wall: wall, mono: mono, report: report, base: wall().Round(0).Add(-m), followed: m}
}

// Steady reports whether time may be acted on, as of the last check.
func (g *Guard) Steady() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.steady()
}

func (g *Guard) steady() bool { return !g.jumped && !g.skewed }

// Skew is how far the wall clock is ahead (+) of or behind (−) the database, as
// of the last CheckDatabase.
func (g *Guard) Skew() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.skew
}

// Ready reports whether this replica's clock is close enough to the database.
func (g *Guard) Ready() bool { return g.Skew().Abs() <= SkewOver }

// Check compares the wall clock with monotonic time and reports whether the
// guard is steady. Call it every few seconds, and before anything that acts on
// the passing of time.
func (g *Guard) Check() bool {
	g.mu.Lock()
	was := g.steady()
	mono, wall := g.mono(), g.wall().Round(0)
	drift := wall.Sub(g.base.Add(mono))
	g.jumped = drift.Abs() > JumpOver
	if !g.jumped {
		g.follow(drift, mono)
	}
	return g.finish(was, Event{By: drift, Than: "monotonic", At: wall})
}

// follow moves the base towards the wall clock as fast as a slewing daemon may.
func (g *Guard) follow(drift, mono time.Duration) {
	most := (mono - g.followed) / slew
	g.base = g.base.Add(min(max(drift, -most), most))
	g.followed = mono
}

// CheckDatabase compares the wall clock with db, which must be a clock of its
// own: asking SQLite would be asking ourselves. A database that agrees with the
// wall clock settles a jump against monotonic time.
func (g *Guard) CheckDatabase(ctx context.Context, db Database) (bool, error) {
	began, wall := g.mono(), g.wall().Round(0)
	there, err := db.Now(ctx)
	if err != nil {
		return g.Steady(), fmt.Errorf("clock: ask the database: %w", err)
	}
	half := (g.mono() - began) / 2 // the answer was made at some moment in between

	g.mu.Lock()
	was := g.steady()
	g.skew = beyond(wall.Add(half).Sub(there), half)
	g.skewed = g.skew.Abs() > JumpOver
	if g.skew.Abs() <= SkewOver {
		g.jumped, g.base, g.followed = false, wall.Add(-began), began
	}
	return g.finish(was, Event{By: g.skew, Than: "database", At: wall}), nil
}

// beyond is what is left of d after an uncertainty of u either way.
func beyond(d, u time.Duration) time.Duration {
	if d < 0 {
		return min(d+u, 0)
	}
	return max(d-u, 0)
}

// finish unlocks, and reports ev when steadiness changed.
func (g *Guard) finish(was bool, ev Event) bool {
	ev.Steady = g.steady()
	g.mu.Unlock()
	if ev.Steady != was && g.report != nil {
		g.report(ev)
	}
	return ev.Steady
}
