package authreq

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Store keeps requests. Each method is one atomic act.
type Store interface {
	// Insert keeps a request that waits.
	Insert(ctx context.Context, r Request) error
	// ByHandle returns a request in any state, or ErrUnknown.
	ByHandle(ctx context.Context, handle secret.Digest) (Request, error)
	// Offer notes when the person was asked which account to use, of a request
	// that is not over. ErrOver.
	Offer(ctx context.Context, handle secret.Digest, now time.Time) error
	// Complete ends r, and the request it was made of, if neither is completed and
	// r has not expired. ErrOver otherwise. Of any number of callers one succeeds.
	Complete(ctx context.Context, r Request, now time.Time) error
	// Sweep forgets requests that expired before the given time, at most limit.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
