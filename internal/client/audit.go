package client

import "github.com/mortise-auth/mortise/internal/audit"

var (
	Created       = audit.Define("client.created", audit.Notice, "")
	Updated       = audit.Define("client.updated", audit.Notice, "")
	Disabled      = audit.Define("client.disabled", audit.Warning, "")
	Enabled       = audit.Define("client.enabled", audit.Notice, "")
	Deleted       = audit.Define("client.deleted", audit.Warning, "")
	SecretRotated = audit.Define("client.secret_rotated", audit.Notice, "")
	// SecretCompromised: the secrets were replaced, and everything minted before is dead.
	SecretCompromised = audit.Define("client.secret_compromised", audit.Critical, "")
)
