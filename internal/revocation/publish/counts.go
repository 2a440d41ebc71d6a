package publish

import "sync/atomic"

type counts struct {
	tail, empty, snapshot, entries, gone atomic.Uint64
	streams                              atomic.Int64
}

// Counts is what was published since the process began.
type Counts struct {
	Tail, Empty, Snapshot uint64 // batches with news, without, and parts of snapshots
	Entries               uint64 // in all of them
	Gone                  uint64 // followers that had to begin again
	Streams               int64  // open now
	Head                  int64  // the highest number known
}

// Counts reads the counters.
func (p *Publisher) Counts() Counts {
	p.mu.Lock()
	head := p.now.head
	p.mu.Unlock()
	c := &p.counts
	return Counts{
		c.tail.Load(), c.empty.Load(), c.snapshot.Load(), c.entries.Load(), c.gone.Load(), c.streams.Load(), head,
	}
}
