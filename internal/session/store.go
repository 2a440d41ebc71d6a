package session

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps sessions. Each method is one atomic act; one that ends sessions
// also writes the revocations that tell every cache.
type Store interface {
	// Insert keeps a new session if, under a share lock on the account's row,
	// the account is active and has s.UserVersion, and s.UserRevision unless that is 0,
	// and the password, when passwordVersion > 0, has that version (TH-1). Otherwise ErrBirth and nothing
	// is written. When the owner then has more than max live sessions (max > 0),
	// the ones longest unseen end with LimitReached; their ids are returned.
	Insert(ctx context.Context, s Session, passwordVersion int64, max int, ev audit.Event) ([]ID, error)

	// ByDigest returns the session whose secret has this digest, ended or not, if
	// its account is active and has the session's version. Unknown, superseded
	// or outlived by its account: ErrEnded.
	ByDigest(ctx context.Context, d secret.Digest) (Session, error)
	// ByID returns one session in any state, or ErrUnknown.
	ByID(ctx context.Context, id ID) (Session, error)
	// Of returns the owner's live sessions, last seen first, at most 200.
	Of(ctx context.Context, owner user.ID, now time.Time) ([]Session, error)

	// Rotate replaces the secret of a live session, if old still is its digest and
	// the password, when passwordVersion > 0, has that version, and records what
	// was proven: version, methods, assurance, authenticated-at of s. The old
	// secret is dead at once. ErrEnded otherwise.
	Rotate(ctx context.Context, s Session, old secret.Digest, passwordVersion int64, now time.Time, ev audit.Event) error

	// End ends one live session of owner. ErrUnknown when it is not theirs or
	// not live.
	End(ctx context.Context, owner user.ID, id ID, cause Cause, now time.Time, ev audit.Event) error
	// EndAll raises the account's version and ends every session of owner but
	// except (zero: all), which moves to the new version. It also spends the
	// owner's mailed proofs that sign in or change credentials. It returns how
	// many ended.
	EndAll(ctx context.Context, owner user.ID, except ID, cause Cause, now time.Time, ev audit.Event) (int, error)

	// Touch records uses: a conditional update on live rows, forward only (TH-21).
	Touch(ctx context.Context, uses []Seen) error
	// Expire ends live sessions that are past a limit, with an event each, and
	// returns how many; at most limit.
	Expire(ctx context.Context, now time.Time, limit int) (int, error)
	// Sweep deletes rows that ended before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
