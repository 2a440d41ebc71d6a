package signing

import "github.com/mortise-auth/mortise/internal/audit"

var (
	Created     = audit.Define("keys.created", audit.Notice, "")
	Hastened    = audit.Define("keys.rotation_requested", audit.Notice, "")
	Promoted    = audit.Define("keys.promoted", audit.Notice, "")
	Retired     = audit.Define("keys.retired", audit.Notice, "")
	Removed     = audit.Define("keys.removed", audit.Notice, "")
	Compromised = audit.Define("keys.compromised", audit.Critical, "")
)
