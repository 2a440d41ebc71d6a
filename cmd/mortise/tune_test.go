package main

import (
	"testing"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

func TestMemoryLimitFollowsHashes(t *testing.T) {
	for _, c := range []struct{ memoryMiB, cores, want int }{
		{0, 1, 20 + 2*19},
		{0, 2, 20 + 2*19},
		{0, 8, 20 + 2*7*19},
		{256, 8, 20 + 2*256},
	} {
		got := memoryLimit(settings.Password{MemoryMiB: c.memoryMiB}, c.cores)
		if want := int64(c.want) << 20; got != want {
			t.Errorf("memoryLimit(%d MiB, %d cores) = %d, want %d", c.memoryMiB, c.cores, got, want)
		}
	}
}
