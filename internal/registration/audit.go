package registration

import "github.com/mortise-auth/mortise/internal/audit"

var (
	TokenCreated = audit.Define("registration.token_created", audit.Notice, "")
	TokenDeleted = audit.Define("registration.token_deleted", audit.Notice, "")

	Registered   = audit.Define("client.registered", audit.Notice, "")            // by itself
	Changed      = audit.Define("client.registration_changed", audit.Notice, "")  // by itself
	Withdrawn    = audit.Define("client.registration_deleted", audit.Notice, "")  // by itself
	Refused      = audit.Define("client.registration_refused", audit.Warning, "") // no token, or not one of ours
	Swept        = audit.Define("client.registration_swept", audit.Info, "")      // nobody used it
	DocumentRead = audit.Define("client.document_read", audit.Notice, "")         // a client became known, or changed, by its document
)
