package password

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrNone: the account has no password.
	ErrNone = problem.New(problem.NotFound, "password_none", "This account has no password.")
	// ErrStale: the password was changed in the meantime.
	ErrStale = problem.New(problem.Conflict, "password_changed", "The password was changed in the meantime. Reload and try again.")
)
