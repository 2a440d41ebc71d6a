package authcode

import "github.com/mortise-auth/mortise/internal/audit"

var (
	// IssuedEvent is a code on its way; its redemption is token.issued.
	IssuedEvent = audit.Define("code.issued", audit.Info, "")
	// Replayed: a redeemed code came again, right in everything; what it had become ended.
	Replayed = audit.Define("code.replayed", audit.Critical, "App signed out, because its sign-in was used twice")
)
