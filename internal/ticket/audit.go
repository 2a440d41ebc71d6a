package ticket

import "github.com/mortise-auth/mortise/internal/audit"

var (
	GateOpened = audit.Define("gateway.opened", audit.Info, "Signed in to a protected site")
	GateClosed = audit.Define("gateway.closed", audit.Info, "Signed out of a protected site")
	Refused    = audit.Define("gateway.ticket_refused", audit.Warning, "")
)
