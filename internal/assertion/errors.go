package assertion

import "github.com/mortise-auth/mortise/internal/problem"

// ErrReplayed: an assertion came a second time.
var ErrReplayed = problem.New(problem.Unauthenticated, "assertion_replayed", "This assertion was used before. Make a new one, with a jti of its own, for every request.")
