package assertion

import (
	"context"
	"time"
)

// Store remembers which assertions were used. All replicas share it. Each method
// is one atomic act.
type Store interface {
	// Remember notes a use, to be kept at least until the given time. Of any
	// number of calls with one key one succeeds; the others are ErrReplayed.
	Remember(ctx context.Context, key Key, until time.Time) error
	// Sweep forgets what was to be kept until before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
