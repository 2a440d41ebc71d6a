package rescue

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrNothingLost: the account has no factor beyond its password.
	ErrNothingLost = problem.New(problem.Conflict, "nothing_lost", "This account asks for no second step. Set a new password instead.")
	// ErrOff: nobody gets back in by waiting here.
	ErrOff = problem.New(problem.Forbidden, "recovery_off", "This server does not let people back in without their second step. Ask an administrator.")
	// ErrStopped: a recovery of the account was stopped a short time ago.
	ErrStopped = problem.New(problem.Forbidden, "recovery_stopped", "A recovery of this account was stopped a short time ago, so another one cannot be started by mail for a week. Ask an administrator.")
	// ErrHeld: an address change was undone a short time ago.
	ErrHeld = problem.New(problem.Conflict, "recovery_held", "A change of this account's address was undone a short time ago. Until three days have passed, no address gets into the account.")
	// ErrWeaker: the new factor is worth less than the lost one.
	ErrWeaker = problem.New(problem.Unprocessable, "factor_too_weak", "The factor that was lost was a security key of a known maker. Only another one can take its place.")
	// ErrFactor: no new factor came, or two.
	ErrFactor = problem.New(problem.Unprocessable, "new_factor_needed", "Set up a new authenticator app, or a new passkey: one of both.")
	// ErrPasswordNeeded: an authenticator app needs a password beside it.
	ErrPasswordNeeded = problem.New(problem.Unprocessable, "new_password_needed", "This account has no password. Choose one to go with the authenticator app.")
	// ErrUnreachable: the account has no verified address.
	ErrUnreachable = problem.New(problem.Conflict, "no_verified_address", "This account has no verified address to send anything to. Use the command line on the host.")
	// ErrResetOff: administrators reset nobody here.
	ErrResetOff = problem.New(problem.Forbidden, "reset_off", "Administrators cannot reset factors on this server. Use the command line on the host.")
	// ErrNobody: no account has the address that an administrator gave.
	ErrNobody = problem.New(problem.Unprocessable, "reset_nobody", "No account has that address. Check how it is written.")
	// ErrOver is reclaim.ErrNone for administrators.
	ErrOver = problem.New(problem.Gone, "recovery_ended", "This recovery is over already. The log says how it ended.")
	// ErrNotAdmin: the caller may not administer.
	ErrNotAdmin = problem.New(problem.Forbidden, "recovery_not_admin", "Only administrators can do this. Ask one, or use the command line on the host.")
	// ErrAdminAlready: who was to be made an administrator is one.
	ErrAdminAlready = problem.New(problem.Conflict, "administrator_already", "This person is an administrator already.")
)
