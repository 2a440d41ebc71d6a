package ratelimit

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrLimited answers a refused decision; RetryAfter is set.
	ErrLimited = problem.New(problem.Limited, "rate_limited", "Too many requests. Wait a little, then try again.")

	// ErrUnknownLimit means that a decision named a limit nobody declared: a
	// programming error, answered by refusing.
	ErrUnknownLimit = problem.New(problem.Internal, "unknown_limit", "Something went wrong on our side. Try again; if it keeps happening, give the request id to an administrator.")
)
