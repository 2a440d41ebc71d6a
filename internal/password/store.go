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
	// ByUser returns the credential, or ErrNone.
	ByUser(ctx context.Context, owner user.ID) (Credential, error)
	// Set stores c as the new password if the stored version still is
	// c.Version-1 (0: none yet); otherwise ErrStale. Raises nothing else.
	Set(ctx context.Context, c Credential, ev audit.Event) error
	// Upgrade replaces only the encoding of the password c, if version and hash
	// still are those of c: a password that was removed and set anew has version 1
	// again. A lost race is not an error.
	Upgrade(ctx context.Context, c Credential, hash Hash, ev audit.Event) error
	// Remove deletes the password; ErrNone when there is none.
	Remove(ctx context.Context, owner user.ID, ev audit.Event) error
}
