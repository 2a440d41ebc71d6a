package phone

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrOff: this instance sends nothing to phones.
	ErrOff = problem.New(problem.Forbidden, "phone_off", "Codes by phone are switched off here. Use an authenticator app or a recovery code.")
	// ErrNumber: not a telephone number in full.
	ErrNumber = problem.New(problem.Unprocessable, "phone_number", "That is not a telephone number in full. Write it with its country code, like +49 171 1234567.")
	// ErrPremium: a number that earns money by being called.
	ErrPremium = problem.New(problem.Unprocessable, "phone_premium", "Numbers of services cannot be used. Enter the number of your own phone.")
	// ErrRegion: the operator sends nothing to such numbers.
	ErrRegion = problem.New(problem.Unprocessable, "phone_region", "We do not send codes to numbers of that country. Use another number, or an authenticator app.")
	// ErrBudget: what may be sent today was sent.
	ErrBudget = problem.New(problem.Limited, "phone_budget", "No more codes can be sent by phone today. Use a recovery code, or try again tomorrow.")
	// ErrVoice: there are no calls here.
	ErrVoice = problem.New(problem.Unprocessable, "phone_no_calls", "Codes are not read out in calls here. Have it sent as a text message.")
	// ErrUnknown: the account has no such phone.
	ErrUnknown = problem.New(problem.NotFound, "phone_unknown", "There is no such phone. It may have been removed already.")
	// ErrPending: the number waits for its first code no more.
	ErrPending = problem.New(problem.Gone, "phone_enrolment_over", "Adding this phone took too long or was finished already. Start again.")
	// ErrCode: the first code of a number is wrong.
	ErrCode = problem.New(problem.Unprocessable, "phone_code_wrong", "That code is not right. Check the newest message, or have another one sent.")
	// ErrTooMany: the account has as many phones as it may have.
	ErrTooMany = problem.New(problem.Conflict, "too_many_phones", "You have as many phones as an account may have. Remove one first.")
	// ErrStronger: a phone is no second step beside an authenticator app.
	ErrStronger = problem.New(problem.Conflict, "phone_weaker", "You have an authenticator app, which is safer than a phone. Nothing weaker is taken beside it.")
)

// What a Sender may fail with.
var (
	ErrRefused     = errors.New("phone: the network refuses this number")
	ErrOptedOut    = errors.New("phone: whoever has this number wants no messages from us")
	ErrCountry     = errors.New("phone: the provider sends nothing to this country; allow it there")
	ErrCredentials = errors.New("phone: the provider does not know our account or token")
	ErrProvider    = errors.New("phone: the provider did not take the message")
)

var (
	Added    = audit.Define("factor.phone_added", audit.Warning, "Phone added")
	Removed  = audit.Define("factor.phone_removed", audit.Warning, "Phone removed")
	CodeSent = audit.Define("factor.phone_code_sent", audit.Notice, "Code sent to the phone")
	CodeUsed = audit.Define("factor.phone_code_used", audit.Info, "")
	Spent    = audit.Define("factor.phone_budget_spent", audit.Critical, "")
)
