// Package idempotency remembers answers to writes that carried an
// Idempotency-Key, so a client that lost an answer can ask again.
//
// A key is scoped to principal, method, path and body (TH-31); the same key with
// another body is refused. Requests nobody has signed in for have no memory.
// Stored answers are sealed, and answers that hold a secret or set a cookie are
// not stored at all: repeating them is refused instead.
package idempotency

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	ErrMismatch = problem.New(problem.Unprocessable, "idempotency_mismatch", "This Idempotency-Key was used for a different request. Make a new key for every new request.")
	ErrRunning  = problem.New(problem.Conflict, "idempotency_running", "A request with this Idempotency-Key is still running. Ask again in a moment.")
	ErrBadKey   = problem.New(problem.Invalid, "bad_idempotency_key", "An Idempotency-Key has 1 to 128 printable characters.")
	ErrOnce     = problem.New(problem.Conflict, "idempotency_not_repeatable", "This request was done already; its answer held a secret and was not kept.")
)

// Life is how long a key is remembered.
const Life = 24 * time.Hour

// Running is how long a request may run at most. One that never said what became
// of it died with its process; after that its key may be used again.
const Running = 10 * time.Minute

// Entry is one remembered request. Scope is a MAC over principal, method, path
// and key; Body is the digest of the body.
type Entry struct {
	Scope     [32]byte
	Body      [32]byte
	Status    int    // 0 while running
	Sealed    []byte // the answer; nil when it must not be kept
	CreatedAt time.Time
}

// Store keeps entries.
type Store interface {
	// Begin inserts e as running. When the scope exists already it returns the
	// stored entry and false, unless that one has been running since more than
	// Running before e.CreatedAt: then e takes its place.
	Begin(ctx context.Context, e Entry) (Entry, bool, error)
	// Finish stores the answer of a running entry.
	Finish(ctx context.Context, scope [32]byte, status int, sealed []byte) error
	// Abandon forgets a running entry whose request failed before it changed anything.
	Abandon(ctx context.Context, scope [32]byte) error
	// Sweep forgets entries made before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
