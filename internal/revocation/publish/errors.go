package publish

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrPoll: the poll itself is wrong.
	ErrPoll = problem.New(problem.Invalid, "feed_poll", "That poll of the revocation feed is malformed. Send a fresh nonce of 16 to 128 characters, and cursor and previous as the last batch left them.")
	// ErrGone: the cursor cannot be followed from; take a snapshot.
	ErrGone = problem.New(problem.Gone, "feed_cursor_gone", "The revocation feed no longer reaches back to that cursor. Ask again without one for a snapshot.")
	// ErrBusy: too many snapshots at once, or the store does not answer.
	ErrBusy = problem.New(problem.Unavailable, "feed_busy", "The revocation feed cannot answer right now. Try again after the time in Retry-After.")
)
