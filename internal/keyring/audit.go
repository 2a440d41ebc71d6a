package keyring

import "github.com/mortise-auth/mortise/internal/audit"

// MasterRotated: every data key is wrapped by the current master key now.
var MasterRotated = audit.Define("keys.master_rotated", audit.Warning, "")
