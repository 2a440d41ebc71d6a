package password

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Credential is an account's password as it is kept.
type Credential struct {
	User       user.ID
	Version    int64 // 1 for the first; raised by every change, not by an upgrade
	Hash       Hash
	ChangedAt  time.Time
	MustChange bool // set by an administrator or known to be breached
}

// Store keeps at most one password per account.
type Store interface {
	// ByUser returns the credential, or ErrNone; beside it then a credential
	// with nothing but the version that the next Set follows, 0 if there never
	// was a password.
	ByUser(ctx context.Context, owner user.ID) (Credential, error)
	// Set stores c as the new password if the stored version still is
	// c.Version-1 (0: none ever); otherwise ErrStale. Raises nothing else.
	Set(ctx context.Context, c Credential, ev audit.Event) error
	// Upgrade replaces only the encoding of the password c, if version and hash
	// still are those of c. A lost race is not an error.
	Upgrade(ctx context.Context, c Credential, hash Hash, ev audit.Event) error
	// Remove deletes the password; ErrNone when there is none. Its version is
	// raised and stays, so what was proven against an old password never fits a
	// later one (TH-1).
	Remove(ctx context.Context, owner user.ID, ev audit.Event) error
}
