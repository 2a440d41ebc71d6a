package federation

import "github.com/mortise-auth/mortise/internal/audit"

var (
	Created  = audit.Define("connection.created", audit.Notice, "")
	Updated  = audit.Define("connection.updated", audit.Notice, "")
	Deleted  = audit.Define("connection.deleted", audit.Warning, "")
	LinkMade = audit.Define("link.created", audit.Notice, "A sign-in with another service was linked")
	LinkGone = audit.Define("link.removed", audit.Notice, "A sign-in with another service was removed")
	Doubted  = audit.Define("federation.answer_refused", audit.Warning, "")
)
