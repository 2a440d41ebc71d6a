package challenge

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ErrOver: the flow is unknown, late, used up or finished. The answer is the same.
var ErrOver = problem.New(problem.Gone, "challenge_over", "This sign-in took too long or was finished already. Start again.")

// ErrGuesses: a method was wrong too often in a row. It opens nothing any more until
// another one was right; the first step and the other methods are as before.
var ErrGuesses = problem.New(problem.Forbidden, "second_factor_exhausted", "Too many wrong codes were typed. This way is closed until you sign in by another one: use a passkey or a recovery code, or recover your account.")

// Store keeps challenges, and how often second factors were wrong. Each method is one atomic act.
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

	// Guess counts one try of a method before it is judged, if fewer than most are
	// counted; otherwise ErrGuesses. It returns how many are counted now.
	Guess(ctx context.Context, owner user.ID, method string, most int, now time.Time) (int, error)
	// Forgive forgets the tries of every method: somebody proved to be the owner.
	Forgive(ctx context.Context, owner user.ID) error

	// Sweep forgets challenges that expired before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
