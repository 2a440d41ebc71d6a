package password

import (
	"math"
	"time"
)

// Cost is what one hash takes: bytes held at once, and nominal time on one
// present-day core. Time is an estimate for queueing and bounds, not a promise.
type Cost struct {
	Bytes int64
	Time  time.Duration
}

// weight is bytes × time (MiB × ms), the unit the Gate shares out.
func (c Cost) weight() float64 {
	mib := float64(c.Bytes)/(1<<20) + 1
	ms := float64(c.Time)/float64(time.Millisecond) + 1
	return mib * ms
}

// nominal is units × each, without overflow.
func nominal(units uint64, each time.Duration) time.Duration {
	if f := float64(units) * float64(each); f < math.MaxInt64 {
		return time.Duration(f)
	}
	return math.MaxInt64
}

// Bounds cap what a stored or imported hash may ask for; they are checked before
// anything is allocated (TH-32, PW-13). Zero members take the defaults.
type Bounds struct {
	Bytes int64         // default 256 MiB
	Time  time.Duration // nominal; default 2 s
}

const (
	defaultBytes = 256 << 20
	defaultTime  = 2 * time.Second
)

func (b Bounds) orDefault() Bounds {
	if b.Bytes <= 0 {
		b.Bytes = defaultBytes
	}
	if b.Time <= 0 {
		b.Time = defaultTime
	}
	return b
}

func (b Bounds) check(c Cost) error {
	if c.Bytes < 0 || c.Bytes > b.Bytes || c.Time < 0 || c.Time > b.Time {
		return ErrCostly.Becausef("password: hash needs %d MiB and %v", c.Bytes>>20, c.Time)
	}
	return nil
}
