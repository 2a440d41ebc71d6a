package phone

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps phones and what was spent on them. Each method is one atomic act.
type Store interface {
	// Begin keeps a pending phone and forgets the account's other pending ones.
	Begin(ctx context.Context, p Phone) error
	// Pending returns a phone of owner that waits for its first code and was given
	// after since, or ErrPending.
	Pending(ctx context.Context, owner user.ID, id ID, since time.Time) (Phone, error)
	// Confirm makes a pending phone count, under a lock on the account's row (TH-1).
	// ErrPending when it does not wait any more, ErrTooMany.
	Confirm(ctx context.Context, owner user.ID, id ID, now time.Time, ev audit.Event) error
	// Of returns the confirmed phones of owner, oldest first.
	Of(ctx context.Context, owner user.ID) ([]Phone, error)
	// Use notes that a code to a confirmed phone was right. ErrUnknown when it was
	// removed.
	Use(ctx context.Context, owner user.ID, id ID, now time.Time) error
	// Remove takes a confirmed phone away, or ErrUnknown.
	Remove(ctx context.Context, owner user.ID, id ID, ev audit.Event) error

	// Charge adds every charge to its counter of the day, or none and ErrBudget when
	// one would pass its cap.
	Charge(ctx context.Context, day int64, charges []Charge) error
	// Spent is what a counter of the day says.
	Spent(ctx context.Context, day int64, scope string) (int64, error)

	// Sweep forgets pending phones given before the given time, and counters of days
	// before its own.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
