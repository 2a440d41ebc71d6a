package token

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrRefused: the refresh token opens nothing, or not for this client and
	// sender. The cause says why; nobody outside learns it. OAuth: invalid_grant.
	ErrRefused = problem.New(problem.Invalid, "refresh_refused", "This sign-in cannot be continued. Sign in again.")
	// ErrOutgrown: what its sign-in proved is less than the client, the instance or a
	// role asks for now. The grant stays: it is enough again when less is asked. OAuth:
	// invalid_grant.
	ErrOutgrown = problem.New(problem.Invalid, "refresh_outgrown", "More is asked for now than this sign-in proved. Sign in again, with a second step.")
	// ErrEnded: as ErrRefused, and this very request ended the grant: an EndedError
	// in its chain says which and why. OAuth: invalid_grant.
	ErrEnded = problem.New(problem.Invalid, "refresh_ended", "This sign-in was ended to protect the account. Sign in again.")
	// ErrScope: more than was granted is asked for. OAuth: invalid_scope.
	ErrScope = problem.New(problem.Invalid, "scope_exceeds_grant", "More was asked for than was granted. Ask for the granted scopes, or for a new grant.")
	// ErrTarget: an audience that is not in the grant. OAuth: invalid_target.
	ErrTarget = problem.New(problem.Invalid, "audience_exceeds_grant", "The grant does not cover this resource. Name one it was given for, or ask for a new grant.")
	// ErrBirth: account, client or session changed between the proof and the grant.
	ErrBirth = problem.New(problem.Conflict, "grant_refused", "The account was changed while you signed in. Sign in again.")
	// ErrUnknown: no such living grant or token. Never let out by OAuth endpoints.
	ErrUnknown = problem.New(problem.NotFound, "grant_unknown", "That access is not there any more. Reload the list.")
	// ErrBusy: the family changed under this request again and again. Nothing was done.
	ErrBusy = problem.New(problem.Unavailable, "refresh_busy", "Too many requests are renewing this sign-in at once. Try again in a moment.")
	// ErrTooLarge: roles and scopes do not fit into one token (JW-30).
	ErrTooLarge = problem.New(problem.Internal, "access_token_too_large", "This account has more roles than fit into a token. Use opaque access tokens for this resource, or fewer roles.")
	// ErrMoved: what a Store method was to change is not what its caller saw.
	ErrMoved = problem.New(problem.Conflict, "grant_moved", "The sign-in was renewed in the meantime. Try again.")
)

// EndedError tells what ErrEnded ended.
type EndedError struct {
	Grant Grant
	Cause Cause
}

func (e *EndedError) Error() string {
	return "token: " + e.Grant.ID.String() + " ended: " + string(e.Cause)
}
