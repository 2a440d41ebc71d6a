package devicecode

import "github.com/mortise-auth/mortise/internal/audit"

var (
	Requested = audit.Define("device.requested", audit.Info, "")
	Approved  = audit.Define("device.approved", audit.Notice, "Device connected")
	Denied    = audit.Define("device.denied", audit.Notice, "Device refused")
)
