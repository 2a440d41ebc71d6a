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

const (
	// Life is how long a key is remembered.
	Life = 24 * time.Hour
	// Lease is how long a request holds its key. When it is over without an
	// answer, the process has died on the way, and the next request with the key
	// takes over; so an act must end before its lease does.
	Lease = time.Minute
)

// Entry is one remembered request. Scope is a MAC over principal, method, path
// and key; Body is the digest of the body.
type Entry struct {
	Scope     [32]byte
	Body      [32]byte
	Status    int       // 0 while running
	Sealed    []byte    // the answer; nil when it must not be kept
	CreatedAt time.Time // when its request began; which of several took over last
}

// Store keeps entries.
type Store interface {
	// Begin inserts e as running, or takes over the running entry of the same
	// scope and body that began before abandoned; one of several succeeds.
	// Otherwise it returns the stored entry and false.
	Begin(ctx context.Context, e Entry, abandoned time.Time) (Entry, bool, error)
	// Finish stores the answer of e, if it runs and nobody has taken it over.
	Finish(ctx context.Context, e Entry, status int, sealed []byte) error
	// Abandon forgets e, whose request failed before it changed anything, if it
	// runs and nobody has taken it over.
	Abandon(ctx context.Context, e Entry) error
	// Sweep forgets entries made before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
