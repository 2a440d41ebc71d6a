package signing

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// Store keeps the keys. Each act is one transaction with its events, takes effect
// only if the key is in the state it names, and returns ErrMoved otherwise: of
// two replicas one succeeds.
type Store interface {
	// Live returns the keys that are not gone, oldest first.
	Live(ctx context.Context) ([]Key, error)
	// All returns every key there ever was, oldest first.
	All(ctx context.Context) ([]Key, error)
	// Add keeps new keys, all or none: ErrMoved when one's place (use, algorithm
	// and state Next or Current) is taken.
	Add(ctx context.Context, keys []Key, evs ...audit.Event) error
	// Hasten brings forward when a Next key becomes current.
	Hasten(ctx context.Context, id string, due time.Time, ev audit.Event) error
	// Promote makes the Next key id, published at ripe or before, Current, and
	// current, which is, Retiring; its sealed part is erased.
	Promote(ctx context.Context, id, current string, now, ripe time.Time, evs ...audit.Event) error
	// Remove makes a key Gone that is Retiring since before or longer.
	Remove(ctx context.Context, id string, now, before time.Time, ev audit.Event) error
	// Withdraw makes a key in state from Gone at once, and revokes it: a kid entry
	// that lasts for ever goes to every verifier.
	Withdraw(ctx context.Context, id string, from State, now time.Time, ev audit.Event) error
	// Replace withdraws all keys of one use and algorithm, which must be exactly
	// those of gone, and keeps fresh as Current.
	Replace(ctx context.Context, fresh Key, gone []string, now time.Time, evs ...audit.Event) error
}
