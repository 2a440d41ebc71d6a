package ratelimit

import (
	"context"
	"log/slog"
	"time"
)

// SharedOptions say for whom a shared Store counts.
type SharedOptions struct {
	Instance string           // replicas of one instance share counters
	Self     string           // the name of this process among them
	Key      [32]byte         // hashes whom a counter is for
	Limits   []Limit          //
	Keys     int              // remembered for each limit in this process; 0: DefaultKeys
	Now      func() time.Time // with monotonic readings
	Log      *slog.Logger
}

// Store takes decisions. Memory is one, storage/redis has a shared one.
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

// Outcome describes a key whose arrival time would lie ahead by that much if it
// were charged: it is when that is within the limit's window.
func (l Limit) Outcome(ahead time.Duration) Decision {
	if ahead <= l.window() {
		return l.allowed(int64(ahead), 0)
	}
	return l.refused(int64(ahead), 0)
}

// Strictest returns whichever of a and b tells the caller more: a refusal
// before an allowance, the longer wait, the fewer acts left.
func Strictest(a, b Decision) Decision {
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
