package devicecode

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: no authorization that waits has this code. It says the same of
	// codes that never were, are over, or were decided.
	ErrUnknown = problem.New(problem.Unprocessable, "device_code_unknown", "No device is waiting with this code. Check it on the device, or start there again: codes are good for 15 minutes.")
	// ErrTaken: another authorization that waits has the same user code.
	ErrTaken = problem.New(problem.Conflict, "device_code_taken", "Two devices asked at the same moment. Try again.")
	// ErrBirth: account or session changed between the page and the approval.
	ErrBirth = problem.New(problem.Conflict, "device_approval_refused", "Your account was changed while you were asked. Sign in again, then enter the code once more.")
)
