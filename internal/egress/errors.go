package egress

import (
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrBlocked: the target is not to be reached from here.
	ErrBlocked = problem.New(problem.Unprocessable, "address_not_allowed", "That address cannot be reached from here. Use a public https address, or ask the operator to allow it.")
	// ErrTooLarge: the answer is longer than the caller takes.
	ErrTooLarge = problem.New(problem.Unavailable, "remote_answer_too_large", "The other server's answer is too large. Try again later, or tell its operator.")
	// ErrFailed: no answer came, for reasons of the other side or the network.
	ErrFailed = problem.New(problem.Unavailable, "remote_failed", "The other server did not answer. Try again later.")
	// ErrResting: the host failed repeatedly and is not asked until RetryAfter.
	ErrResting = problem.New(problem.Unavailable, "remote_resting", "The other server has failed repeatedly. Try again later.")
)

// BlockedEvent is recorded for each request that ErrBlocked refuses (AU-10).
var BlockedEvent = audit.Define("ssrf.blocked", audit.Warning, "")
