package revocation

import (
	"context"
	"time"
)

// Store reads what the acts of all stores wrote.
type Store interface {
	// Head numbers whatever is committed and unnumbered, and returns the highest
	// number and the epoch: a value that changes when the store was restored or
	// failed over, after which nothing learned before may be trusted (TH-12).
	Head(ctx context.Context) (number int64, epoch string, err error)
	// Since numbers whatever is committed and unnumbered and returns entries
	// above number in order, at most limit, read from the primary.
	Since(ctx context.Context, number int64, limit int) ([]Entry, error)
	// Swept is the highest number that was forgotten: whoever has not read that
	// far cannot be told by Since what was missed (TH-15).
	Swept(ctx context.Context) (int64, error)
	// Snapshot hands out all entries alive at now up to one number, in pages that
	// fn must not keep, from one read transaction. It stops when fn fails.
	Snapshot(ctx context.Context, now time.Time, fn func(number int64, epoch string, page []Entry) error) error
	// Sweep forgets entries that ended being of use before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)

	// Outlast makes entries from now on live as long as an access token of this
	// life. Call it before such a token is issued; it never shortens (TH-15).
	Outlast(ctx context.Context, life time.Duration) error
	// Rewound begins the epoch fresh, unless another has begun since old: somebody
	// proved that commits were lost. Token versions go above all ever issued, and
	// every token issued before dies (TH-12).
	Rewound(ctx context.Context, old, fresh string, now time.Time) error
	// Put writes entries that are an act of their own, such as a key's.
	Put(ctx context.Context, entries ...Entry) error
}
