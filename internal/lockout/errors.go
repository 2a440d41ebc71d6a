package lockout

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrWait refuses a guess before anything is computed; RetryAfter is set.
	ErrWait = problem.New(problem.Limited, "signin_wait", "Too many attempts. Wait a little, then try again; a passkey or a mailed code works at once.")

	// ErrCodeNeeded withholds the result of a guess, right or wrong: a stranger
	// needs a mailed code for this account. Answer it exactly like a Reservation
	// whose NeedsCode is true.
	ErrCodeNeeded = problem.New(problem.Forbidden, "signin_code_needed", "Too many attempts. Sign in with a code that we mail to you, with a passkey, or from a device you used before.")
)
