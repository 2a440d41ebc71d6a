package lockout

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Count is how often somebody failed to prove to be an account since the last
// complete sign-in.
type Count struct {
	Failures int
	Last     time.Time
	Second   bool // wrong second factors are counted as well; see challenge.Store.Forgive
}

// Store keeps failure counts of existing accounts.
type Store interface {
	// Load returns the count; no failures when there are none.
	Load(ctx context.Context, account user.ID) (Count, error)
	// Fail adds one and writes the event, in one act. It says nothing of Second.
	Fail(ctx context.Context, account user.ID, at time.Time, ev audit.Event) (Count, error)
	// Clear forgets the count. Only a complete sign-in does, in its transaction.
	Clear(ctx context.Context, account user.ID) error
}
