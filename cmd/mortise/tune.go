package main

import (
	"os"
	"runtime"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/footprint"
	"github.com/mortise-auth/mortise/internal/password"
)

// working is what the collector must leave room for beside the hashes.
const working = 20 << 20

// tune bounds the collector's head-room, unless the environment does.
func tune(p settings.Password) {
	if os.Getenv("GOGC") != "" {
		return
	}
	limit := memoryLimit(p, runtime.GOMAXPROCS(0))
	if os.Getenv("GOMEMLIMIT") != "" {
		limit = 0
	}
	footprint.Collect(limit)
}

// memoryLimit is what the process needs when it is busy and remembers little, in
// bytes: each hash under way beside one that waits to be collected.
func memoryLimit(p settings.Password, cores int) int64 {
	hashes := int64(p.MemoryMiB) << 20
	if hashes == 0 {
		hashes = int64(max(1, cores-1)) * int64(password.DefaultParameters().MemoryKiB) << 10
	}
	return working + 2*hashes
}
