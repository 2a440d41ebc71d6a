package ticket

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrParked: the parked request is unknown, over, or was begun in another browser.
	ErrParked = problem.New(problem.Gone, "parked_request_over", "This sign-in took too long or was already used. Open the page you wanted once more.")
	// ErrTicket: the ticket is spent, late, for another host, or another browser's.
	ErrTicket = problem.New(problem.Forbidden, "ticket_refused", "This sign-in cannot be finished here. Open the page you wanted once more.")
	// ErrGate: the secret opens no gate, or its session is over.
	ErrGate = problem.New(problem.Unauthenticated, "gate_closed", "You are not signed in to this site any more. Sign in again.")
)
