package session

import (
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrEnded: the presented secret opens nothing (any more).
	ErrEnded = problem.New(problem.Unauthenticated, "session_ended", "Your session has ended. Sign in again.")
	// ErrUnknown: no such live session of this account.
	ErrUnknown = problem.New(problem.NotFound, "session_unknown", "That session is not there any more. Reload the list.")
	// ErrBirth: the account changed between the proof and the session.
	ErrBirth = problem.New(problem.Conflict, "session_refused", "The account was changed while you signed in. Sign in again.")
	// ErrUncertain: there is no freshness proof and the store does not answer.
	ErrUncertain = problem.New(problem.Unavailable, "session_uncertain", "We cannot check your session right now. Try again in a moment.")
)

var (
	Created       = audit.Define("session.created", audit.Info, "Session started")
	Rotated       = audit.Define("session.rotated", audit.Info, "")
	EndedEvent    = audit.Define("session.ended", audit.Info, "Session ended")
	RevokedEvent  = audit.Define("session.revoked", audit.Notice, "Session ended from elsewhere")
	ExpiredEvent  = audit.Define("session.expired", audit.Info, "Session ran out")
	UsedAfterEnd  = audit.Define("session.used_after_end", audit.Warning, "A session that had ended was tried")
	LimitExceeded = audit.Define("session.limit_exceeded", audit.Notice, "Oldest session ended to make room")
)
