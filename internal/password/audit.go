package password

import "github.com/mortise-auth/mortise/internal/audit"

var (
	// Rehashed is the event of Store.Upgrade.
	Rehashed = audit.Define("password.rehashed", audit.Info, "")
	// LookupFailed is reported when a breach list could not be asked and the
	// password was accepted without it.
	LookupFailed = audit.Define("password.lookup_failed", audit.Warning, "")
)
