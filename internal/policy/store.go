package policy

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps the policy. Each method is one atomic act.
type Store interface {
	// Get returns what is asked of everybody.
	Get(ctx context.Context) (Policy, error)
	// Put replaces it and raises its revision, which ends every remembered device. The
	// time of accounts that are asked for nothing any more is forgotten, like by Waive.
	// ErrStale when p.Revision is not 0 and not the current one.
	Put(ctx context.Context, p Policy, ev audit.Event) error
	// Of returns what is asked of an account, by the instance and by its roles, those
	// in organisations included.
	Of(ctx context.Context, owner user.ID) (Asked, error)
	// Begin notes that an account is asked for more than it can prove. Of many calls
	// the first counts; its time is returned.
	Begin(ctx context.Context, owner user.ID, now time.Time) (time.Time, error)
	// Enforce ends live sessions of one factor that are older than the end of the time
	// their account had to set up a second, and begins that time where sessions are
	// all there is of an account that is asked (PW-47). At most limit; it returns how many ended.
	Enforce(ctx context.Context, now time.Time, limit int) (int, error)
	// Waive forgets it, when nothing is asked any more.
	Waive(ctx context.Context, owner user.ID) error
}
