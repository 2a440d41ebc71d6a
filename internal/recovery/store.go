package recovery

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// ErrWrong: no unused code of the account is like that.
var ErrWrong = problem.New(problem.Unprocessable, "recovery_code_wrong", "That is none of your unused recovery codes. Check it and type it again.")

var (
	Made = audit.Define("factor.recovery_made", audit.Warning, "Recovery codes made")
	Used = audit.Define("factor.recovery_used", audit.Warning, "Recovery code used")
)

// State is what an account has of codes.
type State struct {
	Left      int // unused
	CreatedAt time.Time
	UsedAt    time.Time // zero: none was used
}

// Store keeps codes. Each method is one atomic act.
type Store interface {
	// Replace keeps a new set in the place of the old one.
	Replace(ctx context.Context, owner user.ID, set []Digest, now time.Time, ev audit.Event) error
	// State counts. An account without codes has the zero State.
	State(ctx context.Context, owner user.ID) (State, error)
	// Holds reports whether owner has an unused code like that.
	Holds(ctx context.Context, owner user.ID, d Digest) (bool, error)
	// Use spends a code: exactly one of many concurrent callers succeeds, the others
	// get ErrWrong.
	Use(ctx context.Context, owner user.ID, d Digest, now time.Time, ev audit.Event) error
	// Clear forgets the codes of owner.
	Clear(ctx context.Context, owner user.ID) error
}
