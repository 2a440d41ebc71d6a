package reclaim

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrNone: there is no such claim, or it is over.
	ErrNone = problem.New(problem.Gone, "recovery_over", "This recovery is over, or there was none. Start again if you still cannot sign in.")
	// ErrRunning: the account has a live claim.
	ErrRunning = problem.New(problem.Conflict, "recovery_running", "A recovery of this account is running already. Its messages say when it is over.")
	// ErrFrozen: addresses stay as they are while a claim lives.
	ErrFrozen = problem.New(problem.Conflict, "addresses_frozen", "The addresses of this account cannot be changed while its recovery runs. Stop the recovery first, or wait until it is over.")
	// ErrEarly: the waiting time is not over.
	ErrEarly = problem.New(problem.Conflict, "recovery_waiting", "The waiting time of this recovery is not over yet. We mail you when it is.")
	// ErrDelayed: somebody has objected before.
	ErrDelayed = problem.New(problem.Conflict, "recovery_delayed", "This recovery was delayed already, and the administrators know. To stop it, sign in with your second step or passkey and stop it there.")
	// ErrPolicy: a policy that means nothing, or less than it must.
	ErrPolicy = problem.New(problem.Unprocessable, "bad_recovery_policy", "The waiting time is 0, or from 24 hours to 30 days; administrators reset by off, one or two.")
)
