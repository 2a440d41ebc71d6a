package client

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// Store keeps clients. Each method is one atomic act; one that takes an event
// writes both or neither. Every change tells the caches of all replicas to read
// the client again.
type Store interface {
	// Create inserts c with its secret. Its version is above that of every
	// client that had its name before; the one in c is ignored. ErrTaken;
	// resource.ErrScopeUnknown and resource.ErrUnknown for what it may not ask for.
	Create(ctx context.Context, c Client, ev audit.Event) error
	// Update replaces what describes c: not its version, state or secrets, but a
	// client that becomes public loses its secrets. Only if Revision still is the
	// client's, else ErrStale. ErrUnknown, resource.ErrScopeUnknown, resource.ErrUnknown.
	Update(ctx context.Context, c Client, ev audit.Event) error
	// SetDisabled disables a client, which raises its version, or enables it.
	// Nothing is written when it is so already. ErrUnknown.
	SetDisabled(ctx context.Context, id ID, disabled bool, now time.Time, ev audit.Event) error
	// Rotate makes s the secret and keeps the current one as the former until
	// the given time, the zero time for not at all. A compromise raises the
	// version too. ErrUnknown, ErrPublic.
	Rotate(ctx context.Context, id ID, s Secret, keep time.Time, compromised bool, now time.Time, ev audit.Event) error
	// Delete removes the client; everything minted for it is dead. ErrUnknown.
	Delete(ctx context.Context, id ID, now time.Time, ev audit.Event) error

	// ByID returns the client, disabled or not, or ErrUnknown.
	ByID(ctx context.Context, id ID) (Client, error)
	// List returns clients in order of client_id, at most limit, after the given one.
	List(ctx context.Context, after ID, limit int) ([]Client, error)
	// Used notes when clients authenticated last. A client that is gone is none.
	Used(ctx context.Context, at map[ID]time.Time) error
}
