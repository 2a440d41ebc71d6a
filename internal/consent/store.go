package consent

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps consents. Each method is one atomic act.
type Store interface {
	// Get returns what owner lets client do. ErrNone.
	Get(ctx context.Context, owner user.ID, client string) (Consent, error)
	// Put keeps c, merged into what was agreed to before, if, under a lock on
	// the account's row, the account is active and has c.UserVersion, and the
	// client exists and is enabled (TH-1). ErrBirth otherwise, and nothing is
	// written. CreatedAt stays that of the first.
	Put(ctx context.Context, c Consent, ev audit.Event) error
	// Withdraw forgets what owner lets client do and ends the grants the client
	// has of them, with their revocations, in one act; it returns how many grants
	// that were. ErrNone when there is no consent, and nothing ends.
	Withdraw(ctx context.Context, owner user.ID, client string, now time.Time, ev audit.Event) (ended int, err error)
	// Of returns all that owner has agreed to, newest first, at most 200.
	Of(ctx context.Context, owner user.ID) ([]Consent, error)
}
