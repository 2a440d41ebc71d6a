package authreq

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: no such request, or none that is remembered, or another browser's.
	ErrUnknown = problem.New(problem.Gone, "authorization_unknown", "This sign-in window is not open here any more. Go back to the app and start again.")
	// ErrOver: the request was completed or took too long.
	ErrOver = problem.New(problem.Gone, "authorization_over", "This sign-in window has closed: it was used already, or it took too long. Go back to the app and start again.")
)
