package site

import "github.com/mortise-auth/mortise/internal/audit"

var (
	Created = audit.Define("site.created", audit.Notice, "")
	Changed = audit.Define("site.changed", audit.Notice, "")
	Deleted = audit.Define("site.deleted", audit.Notice, "")
)
