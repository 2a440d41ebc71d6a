package authcode

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Store keeps codes. Each method is one atomic act.
type Store interface {
	// Insert keeps c if, under a share lock on the account's row, the account is
	// active and has c.UserVersion, the client is enabled and has
	// c.ClientVersion, and the session is the account's and live (TH-1).
	// Otherwise ErrBirth and nothing is written.
	Insert(ctx context.Context, c Code, ev audit.Event) error
	// ByDigest returns a code in any state, or ErrUnknown.
	ByDigest(ctx context.Context, d secret.Digest) (Code, error)
	// Redeem marks an unused code that has not expired as used for grant, in one
	// conditional statement, if its session is live. Otherwise ErrSpent. Of any
	// number of callers one succeeds. It is called in the transaction that begins
	// the grant, which writes the event.
	Redeem(ctx context.Context, d secret.Digest, grant [16]byte, now time.Time) error
	// Sweep forgets codes that expired before the given time, at most limit.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
