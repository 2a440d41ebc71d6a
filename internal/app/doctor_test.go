package app

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/store"
)

// TH-7: what is answered survives a crash, a failover, or neither, and doctor says
// which; only what contradicts the promise is a problem.
func TestDurability(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d        store.Durability
		severity instance.Severity
		local    bool
		failover bool
	}{
		"alone":                        {store.Durability{Fsync: true, SynchronousCommit: "on"}, instance.Notice, true, false},
		"synchronous":                  {store.Durability{Fsync: true, SynchronousCommit: "on", StandbyNames: "ANY 1 (*)", Standbys: 2}, instance.Notice, true, true},
		"applied":                      {store.Durability{Fsync: true, SynchronousCommit: "remote_apply", StandbyNames: "s1", Standbys: 1}, instance.Notice, true, true},
		"asynchronous":                 {store.Durability{Fsync: true, SynchronousCommit: "on", Standbys: 1}, instance.Problem, true, false},
		"named, and not waited for":    {store.Durability{Fsync: true, SynchronousCommit: "local", StandbyNames: "s1", Standbys: 1}, instance.Problem, true, false},
		"only in the standby's memory": {store.Durability{Fsync: true, SynchronousCommit: "remote_write", StandbyNames: "s1", Standbys: 1}, instance.Problem, true, false},
		"off":                          {store.Durability{Fsync: true, SynchronousCommit: "off", StandbyNames: "s1", Standbys: 1}, instance.Problem, false, false},
		"no sync":                      {store.Durability{SynchronousCommit: "on"}, instance.Problem, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.d.Local() != c.local || c.d.Failover() != c.failover {
				t.Errorf("local %v, failover %v", c.d.Local(), c.d.Failover())
			}
			got := durability(c.d)
			if len(got) != 1 || got[0].Number != "MD-1" || got[0].Severity != c.severity || got[0].Fix == "" || got[0].Evidence == "" {
				t.Errorf("found %+v", got)
			}
		})
	}
}
