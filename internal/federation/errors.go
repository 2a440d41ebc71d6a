package federation

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: there is no such connection, or it is off.
	ErrUnknown = problem.New(problem.NotFound, "connection_unknown", "There is no such way to sign in here. Go back and choose another.")
	// ErrTaken: the name is used already.
	ErrTaken = problem.New(problem.Conflict, "connection_taken", "There is a connection with this id already. Change that one, or choose another id.")
	// ErrStale: somebody else changed it.
	ErrStale = problem.New(problem.Conflict, "connection_changed", "The connection was changed in the meantime. Read it again and repeat your change.")
	// ErrLinkUnknown: no link has that subject, or it is not theirs.
	ErrLinkUnknown = problem.New(problem.NotFound, "link_unknown", "That sign-in is not linked to your account, or was removed already. Reload the list.")
	// ErrLinkTaken: the subject is linked to another account.
	ErrLinkTaken = problem.New(problem.Conflict, "link_taken", "That sign-in belongs to another account here. Sign in with it, or remove it there first.")
	// ErrLastWay: nothing would be left to sign in with.
	ErrLastWay = problem.New(problem.Conflict, "last_way_in", "This is the only way into your account. Add a passkey or a password first.")
	// ErrBirth: the account is gone, not active, or changed since it was proven (TH-1).
	ErrBirth = problem.New(problem.Conflict, "link_account_changed", "Your account changed in the meantime. Sign in again.")
	// ErrAttempt: what came back was not asked for by this browser, in the last
	// minutes, for the first time.
	ErrAttempt = problem.New(problem.Gone, "federation_attempt_over", "This sign-in was not begun here, took too long, or was finished already. Start it again.")
	// ErrRefused: the service, or the person there, said no.
	ErrRefused = problem.New(problem.Forbidden, "federation_refused", "The other service did not sign you in. Nothing was changed; try again, or sign in another way.")
	// ErrUpstream: the service does not answer, or not with an answer.
	ErrUpstream = problem.New(problem.Unavailable, "federation_unavailable", "The other service does not answer right now. Try again in a moment, or sign in another way.")
	// ErrStatement: what the service said fails a check.
	ErrStatement = problem.New(problem.Unprocessable, "federation_answer_refused", "The other service's answer could not be trusted, so nothing was done. Sign in another way, and tell whoever runs this site.")
	// ErrInvalid: a connection cannot be like that; its fields say what is wrong.
	ErrInvalid = problem.New(problem.Unprocessable, "connection_invalid", "The connection has a member that is missing, malformed, or not for its type.")
)

// invalid is ErrInvalid about one member.
func invalid(pointer, message string) error {
	return ErrInvalid.WithFields(problem.Field{Pointer: pointer, Code: ErrInvalid.Code, Message: message})
}
