package passkey

import (
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// AU-5 PW-72
var (
	Added       = audit.Define("passkey.added", audit.Notice, "Passkey added")
	Renamed     = audit.Define("passkey.renamed", audit.Info, "Passkey renamed")
	Removed     = audit.Define("passkey.removed", audit.Notice, "Passkey removed")
	CounterBack = audit.Define("passkey.counter_back", audit.Warning, "Passkey may have been copied: its counter went back")
	BackupLost  = audit.Define("passkey.backup_lost", audit.Info, "Passkey is no longer backed up")
)

// AddedBy is the event of p being kept.
func (p Passkey) AddedBy(by user.Caller) audit.Event {
	return by.Event(Added, p.CreatedAt, p.User).With("passkey", p.ID.String()).With("model", p.Model.String())
}
