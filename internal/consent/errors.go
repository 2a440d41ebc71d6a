package consent

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrNone: nothing was agreed to, or not any more.
	ErrNone = problem.New(problem.NotFound, "consent_unknown", "You have not allowed that app anything, or took it back already. Reload the list.")
	// ErrBirth: account or client changed between the page and the answer.
	ErrBirth = problem.New(problem.Conflict, "consent_refused", "The account or the app was changed while you decided. Go back to the app and start again.")
)
