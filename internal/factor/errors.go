package factor

import "github.com/mortise-auth/mortise/internal/problem"

// ErrNoFactor: recovery codes help out for a second factor, and there is none.
var ErrNoFactor = problem.New(problem.Conflict, "no_second_factor", "Recovery codes stand in for a second step, and you have none. Set up an authenticator app first.")
