package endsession

import "github.com/mortise-auth/mortise/internal/problem"

// What a client did wrong. Nobody is signed out, and nobody is sent on.
var (
	ErrHint = problem.New(problem.Invalid, "bad_logout_hint",
		"The app that sent you here named you in a way that we cannot trust, so you are still signed in. To sign out, open this site and sign out there.")
	ErrClient = problem.New(problem.Invalid, "bad_logout_client",
		"The app that sent you here did not say correctly which app it is, so you are still signed in. To sign out, open this site and sign out there.")
	ErrTarget = problem.New(problem.Invalid, "bad_logout_target",
		"The app that sent you here wants you to go on to an address that is not registered for it, so you are still signed in. To sign out, open this site and sign out there.")
)
