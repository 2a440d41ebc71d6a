package footprint

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A collection of a small heap comes every few hundred requests at 50 %, and a busy
// server spends a fifth of its time in it. Up to smallHeap the limit decides instead;
// Quiet gives the room back.
const (
	smallHeap            = 16 << 20
	smallRoom, usualRoom = 800, 50 // percent of what is alive
)

// Collect gives the collector the room of a server of this size: one that gives
// memory back rather than keep twice what it uses. limit is what the process needs
// while little is alive, in bytes: a flood of hashes is collected, and returned,
// before it grows the process. It rises with what is alive and is no cap. Zero: no
// limit is set.
func Collect(limit int64) {
	debug.SetGCPercent(usualRoom)
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	adapt(usualRoom, limit)
}

// adapt sets room and limit after each collection, by what it has left alive, until
// the process ends.
func adapt(room int, limit int64) {
	runtime.SetFinalizer(new([32]byte), func(*[32]byte) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		live := int64(sample[0].Value.Uint64())
		next := usualRoom
		if live < smallHeap && limit > 0 {
			next = smallRoom
		}
		if next != room {
			debug.SetGCPercent(next)
		}
		if limit > 0 {
			debug.SetMemoryLimit(max(limit, 2*live))
		}
		adapt(next, limit)
	})
}
