package revocation

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
)

// Live keeps this process's own live set of dead tokens. It is a Cache and a
// Loader: give it to the Follower, and the entries of this process's own acts to
// Apply. Whether the set may answer alone is the Follower's to say (TH-11).
type Live struct {
	set   *feed.Set
	store Store
	now   func() time.Time
}

// NewLive makes a Live of at most max entries, with raw values.
func NewLive(st Store, max int, now func() time.Time) *Live {
	return &Live{set: feed.NewSet(max), store: st, now: now}
}

// Set is the live set, to be asked.
func (l *Live) Set() *feed.Set { return l.set }

// Apply implements Cache.
func (l *Live) Apply(entries []Entry) {
	dead := make([]feed.Entry, 0, len(entries))
	for i := range entries {
		if t, ok := entries[i].Token(); ok {
			dead = append(dead, t)
		}
	}
	l.set.Add(dead)
}

// Reset implements Cache. What is dead stays dead, in whatever history (TH-12).
func (l *Live) Reset() {}

// Load implements Loader: everything that lives in the store is added.
func (l *Live) Load(ctx context.Context) error {
	return l.store.Snapshot(ctx, l.now(), func(_ int64, _ string, page []Entry) error {
		l.Apply(page)
		return nil
	})
}

// Sweep forgets what no token can be concerned by any more. Call it each minute,
// with the database's time or one that agrees with it (TH-4).
func (l *Live) Sweep(now time.Time) int { return l.set.Sweep(now.Unix()) }
