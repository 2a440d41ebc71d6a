package account

import "github.com/mortise-auth/mortise/internal/audit"

var (
	PasswordSet       = audit.Define("password.set", audit.Notice, "Password set")
	PasswordChanged   = audit.Define("password.changed", audit.Warning, "Password changed")
	RecoveryRequested = audit.Define("password.reset_requested", audit.Notice, "Password reset requested")
	RecoveryCompleted = audit.Define("password.reset_completed", audit.Warning, "Password reset")
	CodeAccepted      = audit.Define("password.reset_code_accepted", audit.Info, "")
	AddressRequested  = audit.Define("user.email_requested", audit.Info, "Confirmation of an address requested")
	SessionsEnded     = audit.Define("session.ended_all", audit.Warning, "Other sessions ended")
	NotMe             = audit.Define("account.reported", audit.Critical, "Reported by you: this was not me")
)
