package footprint

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A collection of a small heap comes every few hundred requests at 50 %, and a busy
// server spends a fifth of its time in it. Up to smallHeap it may double instead.
const (
	smallHeap            = 16 << 20
	smallRoom, usualRoom = 100, 50 // percent of what is alive
)

// Collect gives the collector the room of a server of this size: one that gives
// memory back rather than keep twice what it uses.
func Collect() {
	debug.SetGCPercent(usualRoom)
	adapt(usualRoom)
}

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
