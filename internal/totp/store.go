package totp

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps devices. Each method is one atomic act.
type Store interface {
	// Begin keeps a pending device and forgets the account's other pending ones.
	Begin(ctx context.Context, d Device) error
	// Pending returns a device of owner that waits for its first code and was made
	// after since, or ErrPending.
	Pending(ctx context.Context, owner user.ID, id ID, since time.Time) (Device, error)
	// Confirm makes a pending device count, with the step of its first code taken,
	// under a lock on the account's row (TH-1). ErrPending when it does not wait any
	// more, ErrTooMany.
	Confirm(ctx context.Context, owner user.ID, id ID, step int64, now time.Time, ev audit.Event) error
	// Of returns the confirmed devices of owner, oldest first.
	Of(ctx context.Context, owner user.ID) ([]Device, error)
	// Use takes a step of a confirmed device: ErrReplayed unless it is later than
	// the last one taken (PW-42).
	Use(ctx context.Context, owner user.ID, id ID, step int64, now time.Time) error
	// Rename and Remove change a confirmed device of owner, or ErrUnknown.
	Rename(ctx context.Context, owner user.ID, id ID, name string, ev audit.Event) error
	Remove(ctx context.Context, owner user.ID, id ID, ev audit.Event) error
	// Sweep forgets pending devices made before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
