package keyring

import (
	"context"
	"time"
)

// SealedKey is one data key, wrapped by a master key. Of two keys of one
// instance the later has the later CreatedAt, whatever the clocks say.
type SealedKey struct {
	ID        string // of the data key; stands in everything it seals
	WrappedBy string // id of the master key
	Wrapped   []byte // opaque, and worthless without that key
	CreatedAt time.Time
}

// Store keeps the data keys. They are never deleted: something may be sealed
// with them.
type Store interface {
	// DataKeys returns all data keys, oldest first.
	DataKeys(ctx context.Context) ([]SealedKey, error)
	// AddDataKey keeps k if the newest stored key still is after (empty: none
	// yet); otherwise it changes nothing. Either way it returns all keys, so of
	// two replicas that add at once both end with the same newest key.
	AddDataKey(ctx context.Context, k SealedKey, after string) ([]SealedKey, error)
	// Rewrap replaces the wrapping of a data key.
	Rewrap(ctx context.Context, k SealedKey) error
}
