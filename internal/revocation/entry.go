package revocation

import (
	"context"
	"time"
)

// Keep is how long entries are kept. Nothing that a cache may hold outlives it.
const Keep = 24 * time.Hour

// Kind says what an Entry's Value names.
type Kind string

const (
	// Session: the session with this id has ended.
	Session Kind = "sid"
	// Subject: everything born of this account below Version is dead.
	Subject Kind = "sub"
	// Refresh: nothing ended, but what is known of this account (state, roles,
	// memberships, name) must be read again.
	Refresh Kind = "refresh"
	// Key: whatever the signing key with this kid signed is dead, for ever.
	Key Kind = "kid"
	// Instance: forget everything, read again.
	Instance Kind = "instance"
)

// Entry is one thing that ended early. Values are the bare 16 bytes of an id.
type Entry struct {
	Number  int64 // assigned after commit; 0 until then
	Kind    Kind
	Value   [16]byte
	Version int64
	At      time.Time
}

// Store reads what the acts of all stores wrote.
type Store interface {
	// Head numbers whatever is committed and unnumbered, and returns the highest
	// number and the epoch: a value that changes when the store was restored or
	// failed over, after which nothing learned before may be trusted (TH-12).
	Head(ctx context.Context) (number int64, epoch string, err error)
	// Since numbers whatever is committed and unnumbered and returns entries
	// above number in order, at most limit, read from the primary.
	Since(ctx context.Context, number int64, limit int) ([]Entry, error)
	// Sweep forgets entries made before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
