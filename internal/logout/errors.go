package logout

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrUnknown: no such delivery that waits or was given up.
	ErrUnknown = problem.New(problem.NotFound, "logout_unknown", "There is no such logout that waits or was given up. It may have been delivered meanwhile.")
	// ErrLost: the lease of an attempt is over, or somebody else finished it.
	ErrLost = errors.New("logout: the lease was lost")
	// ErrNobody: the client is gone, or has no address to be told at.
	ErrNobody = errors.New("logout: nobody to tell")
)
