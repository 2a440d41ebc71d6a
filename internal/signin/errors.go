package signin

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrWrong: identifier and response do not open an active account. One
	// answer for: nobody has that identifier, wrong password, suspended,
	// changed in the meantime (PW-25).
	ErrWrong = problem.New(problem.Unauthenticated, "credentials_wrong", "That e-mail address and password do not match. Check both, or reset your password.")
	// ErrPasskey is ErrWrong for who came with a passkey: nobody has it, it does not
	// verify, the account is suspended. The answer is the same.
	ErrPasskey = problem.New(problem.Unauthenticated, "passkey_wrong", "That passkey does not sign in here. Choose another one, or use your password.")
	// ErrUnconfirmed: the act needs a proof given for it.
	ErrUnconfirmed = problem.New(problem.Forbidden, "confirmation_required", "Confirm that it is you: enter your current password together with this change.")
	// ErrConfirmation: the proof given for the act is wrong.
	ErrConfirmation = problem.New(problem.Forbidden, "confirmation_wrong", "That is not your current password. Check it and try again.")
	// ErrFlow: a sign-in that was to be continued is not there any more.
	ErrFlow = problem.New(problem.Gone, "flow_ended", "This sign-in took too long or was finished already. Start again.")
	// ErrSecond: the response does not prove the second factor; another try may remain.
	ErrSecond = problem.New(problem.Unprocessable, "second_factor_wrong", "That code is not right. Wait for the next one and type it again, or choose another way.")
	// ErrSecondNeeded: the account has a second factor, and this needs it too.
	ErrSecondNeeded = problem.New(problem.Forbidden, "second_factor_required", "This needs your second step too. Sign in again with it, then repeat the change.")
	// ErrMailOff: this instance signs nobody in by mail.
	ErrMailOff = problem.New(problem.Forbidden, "email_codes_off", "Signing in with a code by e-mail is switched off here. Use your password or a passkey.")
	// ErrLinkOnly: so many guesses failed that a code, which is short, is judged no
	// more from devices that are not known; the link still is.
	ErrLinkOnly = problem.New(problem.Forbidden, "link_only", "Too many sign-ins to this address have failed, so codes are not taken from this device now. Open the link of the newest mail in this browser instead.")
	// ErrMissing: a required part of the request is empty.
	ErrMissing = problem.New(problem.Unprocessable, "missing_field", "Something is missing. Fill in the marked fields.")
)

// errSecond: a second factor was enrolled while the first was judged.
var errSecond = errors.New("signin: a second factor is asked for")

var (
	Succeeded              = audit.Define("login.succeeded", audit.Info, "Signed in")
	SucceededAfterFailures = audit.Define("login.succeeded_after_failures", audit.Warning, "Signed in after failed attempts")
	Failed                 = audit.Define("login.failed", audit.Notice, "Sign-in failed")
	Blocked                = audit.Define("login.blocked", audit.Warning, "Sign-in blocked")
	CodeSent               = audit.Define("login.code_sent", audit.Notice, "Sign-in code mailed")
	CodeUsed               = audit.Define("login.code_used", audit.Info, "")
	MailAsked              = audit.Define("login.mail_asked", audit.Notice, "Sign-in mail asked for")
	MailReplaced           = audit.Define("login.mail_replaced", audit.Info, "")
	EnrolAsked             = audit.Define("login.enrolment_asked", audit.Notice, "First step of a sign-in done, a second step has to be set up")
	SecondExhausted        = audit.Define("login.second_exhausted", audit.Critical, "Too many wrong second steps; that way is closed")
	FirstProven            = audit.Define("login.first_factor", audit.Notice, "First step of a sign-in done, second step asked")
	SecondFailed           = audit.Define("login.second_failed", audit.Warning, "Second step of a sign-in failed")
	Reauthenticated        = audit.Define("login.reauthenticated", audit.Info, "Signed in again")
	StepUp                 = audit.Define("login.step_up", audit.Info, "Identity confirmed for a change")
)

// Reasons of failed sign-ins, for the log only.
const (
	reasonUnknown  = "unknown_identifier"
	reasonWrong    = "wrong_password"
	reasonUnusable = "password_hash_unusable"
	reasonNone     = "no_password"
	reasonInactive = "account_inactive"
	reasonBirth    = "account_changed"
	reasonDelayed  = "delayed"
	reasonCode     = "code_required"
	reasonPasskey  = "passkey_refused"
	reasonKeyed    = "passkeys_only"
	reasonSSO      = "sso_required"
	reasonGone     = "passkey_unknown"
	reasonCounter  = "passkey_counter"
	reasonLink     = "link_unknown"
	reasonSecond   = "wrong_second_factor"
	reasonReplayed = "second_factor_used_before"
	reasonGuesses  = "second_factor_exhausted"
	reasonAbsent   = "second_factor_not_enrolled"
	reasonMail     = "wrong_mailed_code"
	reasonAddress  = "address_unverified"
	reasonFrozen   = "address_frozen"
)
