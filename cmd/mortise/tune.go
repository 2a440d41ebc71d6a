package main

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/footprint"
	"github.com/mortise-auth/mortise/internal/password"
)

// What the collector must leave room for beside the hashes: a working server,
// and the cache of sessions with every entry taken (50,000 of about 1 KiB).
const (
	working      = 20 << 20
	sessionCache = 48 << 20
)

// tune bounds the collector's head-room, unless the environment does: a server
// of this size gives memory back rather than keep twice what it uses, and a
// flood of hashes is collected before it grows the process.
func tune(p settings.Password) {
	if os.Getenv("GOGC") == "" {
		footprint.Collect()
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit(p, runtime.GOMAXPROCS(0)))
	}
}

// memoryLimit is what the process needs when it is busy, in bytes. It is no cap:
// what is alive is kept, the collector only works harder above it.
func memoryLimit(p settings.Password, cores int) int64 {
	hashes := int64(p.MemoryMiB) << 20
	if hashes == 0 {
		hashes = int64(max(1, cores-1)) * int64(password.DefaultParameters().MemoryKiB) << 10
	}
	return working + sessionCache + hashes
}
