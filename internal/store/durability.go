package store

import "context"

// Durability is how far the database keeps what it has answered (TH-7).
type Durability struct {
	Fsync             bool   // a crash of the machine loses nothing
	SynchronousCommit string // as PostgreSQL calls it
	StandbyNames      string // synchronous_standby_names; empty: no standby is waited for
	Standbys          int    // that follow now, in any way
}

// Local reports whether a crash of the machine loses nothing that was answered.
func (d Durability) Local() bool { return d.Fsync && d.SynchronousCommit != "off" }

// Failover reports whether the loss of the whole machine loses nothing either: a
// standby has what was answered. That nobody writes to the old primary then is
// for fencing, which the database cannot tell.
func (d Durability) Failover() bool {
	waits := d.SynchronousCommit == "on" || d.SynchronousCommit == "remote_apply"
	return d.Local() && waits && d.StandbyNames != ""
}

// Replicated is a Store whose answers depend on a server's settings.
type Replicated interface {
	Durability(ctx context.Context) (Durability, error)
}
