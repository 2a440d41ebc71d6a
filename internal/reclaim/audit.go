package reclaim

import "github.com/mortise-auth/mortise/internal/audit"

// AU-3 TH-43
var (
	Started   = audit.Define("recovery.started", audit.Critical, "Recovery without the second step started")
	Proven    = audit.Define("recovery.mailbox_proven", audit.Info, "")
	Password  = audit.Define("recovery.password_set", audit.Warning, "Password set by the recovery")
	SignedOut = audit.Define("recovery.sessions_ended", audit.Notice, "Sessions and apps ended by the recovery")
	Reminded  = audit.Define("recovery.announced", audit.Notice, "Every address told about the recovery")
	Texted    = audit.Define("recovery.phone_told", audit.Notice, "A phone told about the recovery")
	Delayed   = audit.Define("recovery.delayed", audit.Critical, "Recovery objected to and delayed")
	Ready     = audit.Define("recovery.ready", audit.Warning, "Waiting time of the recovery over")
	Finished  = audit.Define("recovery.completed", audit.Critical, "Recovery completed: lost factors removed, a new one set up")
	Halted    = audit.Define("recovery.stopped", audit.Warning, "Recovery stopped by you")
	Refused   = audit.Define("recovery.denied", audit.Warning, "Recovery ended by an administrator")
	Expired   = audit.Define("recovery.lapsed", audit.Notice, "Recovery lapsed: nobody completed it")
	Requested = audit.Define("recovery.reset_requested", audit.Critical, "Reset of your factors requested by an administrator")
	Approved  = audit.Define("recovery.reset_approved", audit.Critical, "Reset of your factors approved by a second administrator")
	Handed    = audit.Define("recovery.link_created", audit.Critical, "Recovery link made on the host")
	Ruled     = audit.Define("recovery.policy_changed", audit.Critical, "")
)
