package revocation

import (
	"sync/atomic"
	"time"
)

// DelayBounds are the upper bounds of the buckets of Delays.
var DelayBounds = [...]time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// Delays counts delays by size. Its zero value is ready; its methods are safe for
// concurrent use.
type Delays struct {
	buckets [len(DelayBounds) + 1]atomic.Uint64
	sum     atomic.Int64
}

func (d *Delays) add(delay time.Duration) {
	delay = max(delay, 0) // clocks of two machines may disagree
	i := 0
	for i < len(DelayBounds) && delay > DelayBounds[i] {
		i++
	}
	d.buckets[i].Add(1)
	d.sum.Add(int64(delay))
}

// Read returns how many there were, their sum, and how many were at most as long
// as each of DelayBounds.
func (d *Delays) Read() (count uint64, sum time.Duration, atMost map[time.Duration]uint64) {
	atMost = make(map[time.Duration]uint64, len(DelayBounds))
	for i, bound := range DelayBounds {
		count += d.buckets[i].Load()
		atMost[bound] = count
	}
	return count + d.buckets[len(DelayBounds)].Load(), time.Duration(d.sum.Load()), atMost
}
