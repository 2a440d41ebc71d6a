package ratelimit

import (
	"context"
	"time"
)

// Store takes decisions. Memory is one; a shared one may follow.
type Store interface {
	// Take charges every key once, or none of them when any is exhausted. An
	// error means that no decision was reached and nothing is charged.
	Take(ctx context.Context, keys Keys) (Decision, error)
	// Refund gives one charge of every key back, never beyond full.
	Refund(ctx context.Context, keys Keys) error
}

// Decision is the outcome for all keys together. The figures are those of the
// key that is closest to its limit.
type Decision struct {
	Allowed    bool
	Name       Name          // the limit the figures belong to
	Limit      int           // its burst
	Remaining  int           // acts left right now
	RetryAfter time.Duration // zero when allowed; else when to come back
	Reset      time.Duration // until the key is idle again
}

// Err is nil when d is allowed, else ErrLimited with its waiting time.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return ErrLimited.Becausef("limit %s", d.Name).After(d.RetryAfter)
}

// strictest returns whichever of a and b tells the caller more: a refusal
// before an allowance, the longer wait, the fewer acts left.
func strictest(a, b Decision) Decision {
	switch {
	case a.Allowed != b.Allowed:
		if a.Allowed {
			return b
		}
		return a
	case !a.Allowed:
		if b.RetryAfter > a.RetryAfter {
			return b
		}
		return a
	case b.Remaining < a.Remaining:
		return b
	}
	return a
}
