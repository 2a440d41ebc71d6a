package postgres

import "testing"

// TH-7: a server alone keeps what it answered across a crash, and not across the
// loss of its machine; a session that does not wait for the disk is told apart.
func TestDurability(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	d, err := s.Durability(t.Context())
	must(t, err)
	// The tests' own server may run without fsync, for speed; all else is default.
	if d.SynchronousCommit == "" || d.StandbyNames != "" || d.Standbys != 0 || d.Failover() {
		t.Errorf("%+v", d)
	}
	if d.Local() != (d.Fsync && d.SynchronousCommit != "off") {
		t.Errorf("%+v is local: %v", d, d.Local())
	}
}
