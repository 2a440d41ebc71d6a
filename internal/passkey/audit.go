package passkey

import "github.com/mortise-auth/mortise/internal/audit"

// AU-5 PW-72
var (
	Added       = audit.Define("passkey.added", audit.Notice, "Passkey added")
	Renamed     = audit.Define("passkey.renamed", audit.Info, "Passkey renamed")
	Removed     = audit.Define("passkey.removed", audit.Notice, "Passkey removed")
	CounterBack = audit.Define("passkey.counter_back", audit.Warning, "Passkey may have been copied: its counter went back")
	BackupLost  = audit.Define("passkey.backup_lost", audit.Info, "Passkey is no longer backed up")
)
