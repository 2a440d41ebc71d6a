package signing

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: no such key, or it is gone.
	ErrUnknown = problem.New(problem.NotFound, "key_unknown", "There is no such signing key. List the keys and name one by its id.")
	// ErrUse: no such use, or a key asked to sign what is not for its use (TH-19).
	ErrUse = problem.New(problem.Unprocessable, "bad_key_use", "Signing keys are for token or for feed. Name one of the two.")
	// ErrAlgorithm: no such algorithm, or not for this use.
	ErrAlgorithm = problem.New(problem.Unprocessable, "bad_key_algorithm", "Tokens are signed with EdDSA, ES256, RS256 or PS256, the feed with EdDSA. Name one of these.")
	// ErrMoved: another replica took the same step, or the key is in another
	// state by now.
	ErrMoved = problem.New(problem.Conflict, "key_moved", "The signing keys changed meanwhile. List them and try again.")
	// ErrNoSuccessor: a key that signs cannot end before another may sign.
	ErrNoSuccessor = problem.New(problem.Conflict, "no_successor", "This key signs, and its successor is not yet known to everybody. Rotate first and retire it later, or end it at once as an emergency.")
	// ErrClock: the clock jumped, so no key is dated or judged by it (TH-4).
	ErrClock = problem.New(problem.Unavailable, "clock_in_doubt", "The clock of this server is in doubt, so no key was changed. Set it right and try again; an emergency rotation works all the same.")
	// ErrUnreadable: a stored private key does not open, or does not fit its row.
	ErrUnreadable = problem.New(problem.Internal, "signing_key_unreadable", "A signing key cannot be read. Ask an administrator to check the master key, or to rotate the key as an emergency.")
)
