package challenge

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// ErrOver: the flow is unknown, late, used up or finished. The answer is the same.
var ErrOver = problem.New(problem.Gone, "challenge_over", "This sign-in took too long or was finished already. Start again.")

// Store keeps challenges. Each method is one atomic act.
type Store interface {
	// Put keeps c.
	Put(ctx context.Context, c Challenge) error
	// ByFlow returns a challenge that still waits at now, or ErrOver.
	ByFlow(ctx context.Context, flow secret.Digest, now time.Time) (Challenge, error)
	// Attempt counts one try if fewer than MaxAttempts were made and the challenge
	// waits; otherwise ErrOver.
	Attempt(ctx context.Context, id ID, now time.Time) error
	// Spend finishes a challenge that waits: exactly one of many concurrent callers
	// succeeds, the others get ErrOver.
	Spend(ctx context.Context, id ID, now time.Time) error
	// Sweep forgets challenges that expired before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
