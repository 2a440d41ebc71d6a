package user

import "github.com/mortise-auth/mortise/internal/audit"

var (
	Created           = audit.Define("user.created", audit.Notice, "Account created")
	Updated           = audit.Define("user.updated", audit.Info, "Profile changed")
	Verified          = audit.Define("user.verified", audit.Notice, "E-mail address confirmed")
	EmailAdded        = audit.Define("user.email_added", audit.Notice, "E-mail address added")
	EmailRemoved      = audit.Define("user.email_removed", audit.Warning, "E-mail address removed")
	EmailChanged      = audit.Define("user.email_changed", audit.Warning, "Primary e-mail address changed")
	EmailRestored     = audit.Define("user.email_restored", audit.Warning, "E-mail address change undone")
	Disabled          = audit.Define("user.disabled", audit.Warning, "Account suspended")
	Enabled           = audit.Define("user.enabled", audit.Notice, "Account enabled again")
	DeletionScheduled = audit.Define("user.deletion_scheduled", audit.Warning, "Account deletion requested")
	DeletionCancelled = audit.Define("user.deletion_cancelled", audit.Notice, "Account deletion cancelled")
	Deleted           = audit.Define("user.deleted", audit.Warning, "")
	Exported          = audit.Define("user.exported", audit.Notice, "Copy of the account's data made")
	RoleAssigned      = audit.Define("role.assigned", audit.Notice, "Role given")
	RoleRemoved       = audit.Define("role.removed", audit.Notice, "Role taken away")
)
