package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
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
		debug.SetGCPercent(usualRoom)
		adapt(usualRoom)
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

// A collection of a small heap comes every few hundred requests at 50 %, and a busy
// server spends a fifth of its time in it. Up to smallHeap it may double instead.
const (
	smallHeap            = 16 << 20
	smallRoom, usualRoom = 100, 50 // percent of what is alive
)

// adapt sets the room after each collection, by what it has left alive, until the
// process ends.
func adapt(room int) {
	runtime.SetFinalizer(new([32]byte), func(*[32]byte) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		next := usualRoom
		if live[0].Value.Uint64() < smallHeap {
			next = smallRoom
		}
		if next != room {
			debug.SetGCPercent(next)
		}
		adapt(next)
	})
}
