package ticket

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps parked requests and gates. Each method is one atomic act.
type Store interface {
	// Park keeps a request that waits.
	Park(ctx context.Context, p Parked) error
	// Bind exchanges the handle of an unbound request that has not expired for
	// another, and binds the nonce, once. ErrParked.
	Bind(ctx context.Context, old, handle, nonce secret.Digest, now time.Time) error
	// Issue gives a bound, unspent request a ticket of session, replacing one it
	// had. ErrParked.
	Issue(ctx context.Context, handle, ticket secret.Digest, session [16]byte, owner user.ID, until, now time.Time) error
	// ByHandle returns a request that waits at now, or ErrParked.
	ByHandle(ctx context.Context, handle secret.Digest, now time.Time) (Parked, error)
	// ByTicket returns the unspent request that has this ticket, or ErrTicket.
	ByTicket(ctx context.Context, ticket secret.Digest, now time.Time) (Parked, error)
	// Redeem spends the ticket of p, if ticket, nonce and host are still those of
	// p and it is neither spent nor late, and opens g, if under a share lock on
	// the account's row its session lives and has the account's version (TH-1).
	// ErrTicket otherwise, and nothing is opened. Older gates of the same session
	// and host are closed when they are older than a minute.
	Redeem(ctx context.Context, p Parked, g Gate, now time.Time, ev audit.Event) error
	// Open returns where a gate leads, or ErrGate. Whether the session lives is
	// the caller's to ask.
	Open(ctx context.Context, gate secret.Digest) (Opened, error)
	// Close closes one gate of owner, and tells every cache. ErrGate.
	Close(ctx context.Context, gate secret.Digest, owner user.ID, now time.Time, ev audit.Event) error
	// Sweep forgets requests that expired before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
