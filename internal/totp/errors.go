package totp

import (
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrUnknown: the account has no such device.
	ErrUnknown = problem.New(problem.NotFound, "authenticator_unknown", "There is no such authenticator app. It may have been removed already.")
	// ErrPending: the enrolment is over, or was finished already.
	ErrPending = problem.New(problem.Gone, "authenticator_enrolment_over", "Setting up this app took too long or was finished already. Start again.")
	// ErrCode: the first code of an enrolment is wrong.
	ErrCode = problem.New(problem.Unprocessable, "authenticator_code_wrong", "That code is not right. Check that your phone's clock is right, then type the code that the app shows now.")
	// ErrTooMany: the account has as many devices as it may have.
	ErrTooMany = problem.New(problem.Conflict, "too_many_authenticators", "You have as many authenticator apps as an account may have. Remove one first.")
	// ErrReplayed: the step was taken already.
	ErrReplayed = problem.New(problem.Unprocessable, "authenticator_code_used", "That code was used already. Wait for the next one.")
)

var (
	Added   = audit.Define("factor.totp_added", audit.Warning, "Authenticator app added")
	Renamed = audit.Define("factor.totp_renamed", audit.Info, "Authenticator app renamed")
	Removed = audit.Define("factor.totp_removed", audit.Warning, "Authenticator app removed")
)
