package page

import "github.com/mortise-auth/mortise/internal/audit"

// The samples name events whose sentences are declared by packages that this
// test does not link.
var _ = []audit.Name{
	audit.Define("login.succeeded", audit.Info, "Signed in"),
	audit.Define("login.failed", audit.Notice, "Sign-in failed"),
	audit.Define("password.changed", audit.Warning, "Password changed"),
	audit.Define("user.email_added", audit.Notice, "E-mail address added"),
	audit.Define("session.revoked", audit.Notice, "Session ended from elsewhere"),
	audit.Define("user.verified", audit.Notice, "E-mail address confirmed"),
	audit.Define("user.created", audit.Notice, "Account created"),
}
