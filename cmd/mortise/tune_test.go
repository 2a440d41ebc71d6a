package main

import (
	"testing"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/footprint"
)

func TestMemoryLimitsFollowHashes(t *testing.T) {
	for _, c := range []struct{ memoryMiB, cores, hashes int64 }{
		{0, 1, 19}, {0, 2, 19}, {0, 8, 7 * 19}, {256, 8, 256},
	} {
		got := memoryLimits(settings.Password{MemoryMiB: int(c.memoryMiB)}, int(c.cores))
		if want := (footprint.Limits{Crowded: (16 + 2*c.hashes) << 20, Spent: int(max(1, c.cores-1)), Calm: (16 + 5*c.hashes) << 20}); got != want {
			t.Errorf("memoryLimits(%d MiB, %d cores) = %+v, want %+v", c.memoryMiB, c.cores, got, want)
		}
	}
}
