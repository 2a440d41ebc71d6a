package logout

import "github.com/mortise-auth/mortise/internal/audit"

// AU-6.
var (
	SentEvent   = audit.Define("logout.backchannel_sent", audit.Info, "")
	FailedEvent = audit.Define("logout.backchannel_failed", audit.Warning, "")
	AgainEvent  = audit.Define("logout.backchannel_retried", audit.Notice, "")
)
