package footprint

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// A collection of a small heap comes every few hundred requests at 50 %, and a busy
// server spends a fifth of its time in it. Up to smallHeap, which has room for what
// is under way, the limit decides instead; Quiet gives the room back.
const (
	smallHeap            = 64 << 20
	smallRoom, usualRoom = 800, 50 // percent of what is alive
)

// calm is how long nobody has waited before the collector gets its room back.
const calm = time.Second

// Collector decides how much room the runtime's collector has. It is safe for
// concurrent use.
type Collector struct {
	limits Limits
	now    func() time.Time

	mu    sync.Mutex
	live  int64 // after the last collection
	set   int64 // the limit in force
	crowd time.Time
	begun int // pieces since what was left was collected
}

// Limits are what the process needs while little is alive, in bytes. They rise with
// what is alive and are no caps. Zero: no limit is set.
type Limits struct {
	// Crowded: when work that needs much memory waits for its turn, its garbage is
	// collected, and returned, before it grows the process.
	Crowded int64
	// Spent is how many pieces that waited may begin before what others left is
	// collected: the collector alone would notice after the next has its memory.
	Spent int
	// Calm: a single piece of such work finds the memory of the one before it, not
	// yet returned to the system, and does not start a collection.
	Calm int64
}

// Collect gives the collector the room of a server of this size: one that gives
// memory back rather than keep twice what it uses.
func Collect(l Limits, now func() time.Time) *Collector {
	c := &Collector{limits: l, now: now}
	debug.SetGCPercent(usualRoom)
	c.limit()
	c.adapt(usualRoom)
	return c
}

// Waited tells that work which needs much memory has waited for its turn. A nil
// Collector takes no notice.
func (c *Collector) Waited() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crowd = c.now()
	c.limit()
}

// Begins is called where a piece of such work begins that has waited, by the one who
// will do it: what earlier pieces left is collected first. It takes as long as a
// collection of what is alive, so it is not done while much is. A nil Collector does
// nothing.
func (c *Collector) Begins() {
	if c == nil || c.limits.Spent == 0 {
		return
	}
	c.mu.Lock()
	c.begun++
	due := c.begun >= c.limits.Spent && c.live < max(smallHeap, c.limits.Crowded)
	if due {
		c.begun = 0
	}
	c.mu.Unlock()
	if due {
		runtime.GC()
	}
}

// limit sets what this moment asks for.
func (c *Collector) limit() {
	want := c.limits.Calm
	if !c.crowd.IsZero() && c.now().Sub(c.crowd) < calm {
		want = c.limits.Crowded
	}
	if want == 0 {
		return
	}
	// Setting it stops the world, so it is not set for nothing.
	if want = max(want, 2*c.live); want != c.set {
		debug.SetMemoryLimit(want)
		c.set = want
	}
}

// adapt sets room and limit after each collection, by what it has left alive, until
// the process ends.
func (c *Collector) adapt(room int) {
	runtime.SetFinalizer(new([32]byte), func(*[32]byte) {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		live := int64(sample[0].Value.Uint64())
		next := usualRoom
		if live < smallHeap && c.limits.Calm > 0 {
			next = smallRoom
		}
		if next != room {
			debug.SetGCPercent(next)
		}
		c.mu.Lock()
		c.live = live
		c.limit()
		c.mu.Unlock()
		c.adapt(next)
	})
}
