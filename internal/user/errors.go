package user

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown is returned for an id or address no account has. Flows that
	// strangers can reach never let it out.
	ErrUnknown = problem.New(problem.NotFound, "user_unknown", "There is no such user. Check the id or address; mortise users list shows all.")
	// ErrEmailTaken: an address belongs to another account. Only for administrators.
	ErrEmailTaken = problem.New(problem.Conflict, "email_taken", "That e-mail address belongs to another account. Use a different address, or remove it there first.")
	// ErrEmailUnknown: the account has no such address.
	ErrEmailUnknown = problem.New(problem.NotFound, "email_unknown", "That address is not on this account. Reload the page to see the current list.")
	// ErrLastEmail: removing it would leave the account without an address.
	ErrLastEmail = problem.New(problem.Conflict, "last_email", "This is the primary address of the account. Make another address the primary one first.")
	// ErrEmailUnverified: only a verified address can become the primary one.
	ErrEmailUnverified = problem.New(problem.Conflict, "email_unverified", "Confirm this address first: open the link or type the code that we mailed to it.")
	// ErrTooManyEmails bounds the addresses of one account.
	ErrTooManyEmails = problem.New(problem.Conflict, "too_many_emails", "An account can have at most 10 addresses. Remove one first.")
	// ErrInactive: the account may not act.
	ErrInactive = problem.New(problem.Forbidden, "account_inactive", "This account is not active. An administrator can say why and change it.")
	// ErrStale: the account has moved on since it was read.
	ErrStale = problem.New(problem.Conflict, "account_changed", "The account was changed in the meantime. Reload and try again.")

	ErrBadEmail    = problem.New(problem.Unprocessable, "bad_email", "That does not look like an e-mail address. It should have the form name@example.org.")
	ErrBadName     = problem.New(problem.Unprocessable, "bad_name", "A name has at most 100 characters, without control characters.")
	ErrBadLocale   = problem.New(problem.Unprocessable, "bad_locale", "A language is a tag such as en, de or pt-BR.")
	ErrBadTimeZone = problem.New(problem.Unprocessable, "bad_time_zone", "A time zone is a name such as Europe/Berlin or UTC.")
)

// MaxEmails is how many addresses one account can have.
const MaxEmails = 10
