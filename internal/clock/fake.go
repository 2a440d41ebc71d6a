package clock

import (
	"sync"
	"time"
)

// Fake is a clock that stands still until it is moved. It is safe for
// concurrent use. Its times have no monotonic reading; Monotonic is beside.
type Fake struct {
	mu   sync.Mutex
	wall time.Time
	mono time.Duration
}

// NewFake makes a clock that shows start, in UTC.
func NewFake(start time.Time) *Fake { return &Fake{wall: start.Round(0).UTC()} }

// Now is the wall clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wall
}

// Monotonic is the time passed since the clock was made. It never goes back.
func (f *Fake) Monotonic() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mono
}

// Advance lets d pass, on both clocks. It panics when d is negative.
func (f *Fake) Advance(d time.Duration) {
	if d < 0 {
		panic("clock: time does not pass backwards; use Jump")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wall, f.mono = f.wall.Add(d), f.mono+d
}

// Set lets time pass until t. When t is earlier than Now it is a Jump back.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := t.Sub(f.wall); d > 0 {
		f.mono += d
	}
	f.wall = t.Round(0).UTC()
}

// Jump moves the wall clock alone, as a wrong time server does.
func (f *Fake) Jump(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wall = f.wall.Add(d)
}
