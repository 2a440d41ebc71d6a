package authcode

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: no such code, or none that is remembered. OAuth: invalid_grant.
	ErrUnknown = problem.New(problem.Invalid, "code_unknown", "This sign-in took too long or was never begun here. Sign in again.")
	// ErrMismatch: the code is not for this client, redirect address, verifier or
	// key. Nothing changed. OAuth: invalid_grant.
	ErrMismatch = problem.New(problem.Invalid, "code_mismatch", "This sign-in was begun by another app, or from another window. Sign in again.")
	// ErrExpired: the code is older than a minute. OAuth: invalid_grant.
	ErrExpired = problem.New(problem.Invalid, "code_expired", "This sign-in took too long. Sign in again.")
	// ErrSpent: the code cannot be redeemed any more: it was, it expired, or its
	// session is over. OAuth: invalid_grant.
	ErrSpent = problem.New(problem.Invalid, "code_spent", "This sign-in was used already. Sign in again.")
	// ErrBirth: account, client or session changed between the proof and the code.
	ErrBirth = problem.New(problem.Conflict, "code_refused", "The account was changed while you signed in. Sign in again.")
)
