package token

import "github.com/mortise-auth/mortise/internal/audit"

var (
	IssuedEvent  = audit.Define("token.issued", audit.Info, "App signed in")
	Refreshed    = audit.Define("token.refreshed", audit.Info, "")
	RevokedEvent = audit.Define("token.revoked", audit.Notice, "App signed out")
	// Stale: an old refresh token came with the right key. Nothing ended.
	Stale = audit.Define("token.refresh_stale", audit.Warning, "")
	// Reused: a refresh token came back that had been replaced; the family ended.
	Reused = audit.Define("token.refresh_reuse", audit.Critical, "App signed out, because its sign-in was used twice")
	// RolledBack: the database has lost a rotation it had answered.
	RolledBack = audit.Define("token.store_rollback", audit.Critical, "App signed out, because the server lost its last renewal")
	// MovedForward: the same, and the sender's key vouched for the token.
	MovedForward = audit.Define("token.moved_forward", audit.Warning, "")
	ExpiredEvent = audit.Define("token.expired", audit.Info, "")
)
