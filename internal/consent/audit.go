package consent

import "github.com/mortise-auth/mortise/internal/audit"

// AU-5.
var (
	Given     = audit.Define("consent.granted", audit.Notice, "App allowed to act for you")
	Denied    = audit.Define("consent.denied", audit.Info, "App not allowed to act for you")
	Withdrawn = audit.Define("consent.withdrawn", audit.Notice, "Permission taken back from an app")
)
