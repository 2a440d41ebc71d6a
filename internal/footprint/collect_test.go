package footprint

import (
	"runtime"
	"testing"
	"time"
)

// What others left is collected before every second piece here, and not while much
// is alive: then a flood would be made dearer by what has nothing to do with it.
func TestBegins(t *testing.T) {
	c := &Collector{limits: Limits{Spent: 2}, now: time.Now}
	if n := collections(c.Begins, 4); n != 2 {
		t.Errorf("%d collections before four pieces", n)
	}
	c.live = smallHeap
	if n := collections(c.Begins, 4); n != 0 {
		t.Errorf("%d collections while much is alive", n)
	}
	if n := collections((*Collector)(nil).Begins, 4); n != 0 {
		t.Errorf("%d collections by nobody", n)
	}
}

// collections are those that a program asked for.
func collections(f func(), times int) uint32 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		f()
	}
	runtime.ReadMemStats(&after)
	return after.NumForcedGC - before.NumForcedGC
}
