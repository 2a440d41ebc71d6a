package federate

import "github.com/mortise-auth/mortise/internal/audit"

var (
	// Updated: name, language or roles were brought up to date with the service's.
	Updated = audit.Define("federation.updated", audit.Info, "Your profile was brought up to date by the service you sign in with")
	// TokenGiven: an access token of the service was handed to a program.
	TokenGiven = audit.Define("link.token_given", audit.Info, "An app was given access to the service you sign in with")
	// SessionEnded: the service says that the session over there is over.
	SessionEnded = audit.Define("session.ended_upstream", audit.Notice, "Signed out by the service you signed in with")
)
