package revocation

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

// Bound is how old a freshness proof may be, and how far wall and monotonic time
// may disagree within it, before caches stop answering (TH-11).
const Bound = time.Second

const (
	pollEvery = 250 * time.Millisecond
	batch     = 1000
)

// Cache is what a Follower keeps true.
type Cache interface {
	Apply([]Entry) // forget what the entries name
	Reset()        // forget everything
}

// Caches is several caches kept true by one Follower.
type Caches []Cache

// Apply implements Cache.
func (all Caches) Apply(entries []Entry) {
	for _, c := range all {
		c.Apply(entries)
	}
}

// Reset implements Cache.
func (all Caches) Reset() {
	for _, c := range all {
		c.Reset()
	}
}

// Loader is a Cache that must know what the store holds, not only what comes: it
// is asked to read it when a history begins, before anything is proven.
type Loader interface {
	Load(ctx context.Context) error
}

// Load implements Loader for those that are.
func (all Caches) Load(ctx context.Context) error {
	for _, c := range all {
		if l, ok := c.(Loader); ok {
			if err := l.Load(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Listener is told how a Follower gets on, by its one goroutine and in order. It
// must be quick.
type Listener interface {
	// Begin: a first poll or another history. What was made up to number is not
	// told, only kept in the store.
	Begin(epoch string, number int64)
	// Take hands over entries, which the caches have applied. Do not keep the slice.
	Take(entries []Entry)
	// Current: a poll sent at that moment found no more than was told.
	Current(sent time.Time)
}

// Follower polls the primary for what ended early and holds the freshness proof.
// Its methods are safe for concurrent use.
type Follower struct {
	store  Store
	cache  Cache
	now    func() time.Time
	log    *slog.Logger
	wake   chan struct{}
	tell   Listener                  // may be nil
	proof  atomic.Pointer[time.Time] // when the last successful poll was sent
	delay  atomic.Int64              // of the newest entry, in nanoseconds
	delays Delays                    // of all
	number int64                     // of the last entry applied; owned by poll
	epoch  string                    // owned by poll
}

// NewFollower makes a Follower without a proof. now must return monotonic readings.
func NewFollower(st Store, c Cache, now func() time.Time, log *slog.Logger) *Follower {
	return &Follower{store: st, cache: c, now: now, log: log, wake: make(chan struct{}, 1)}
}

// Tell makes l the one who is told. Call it before Run.
func (f *Follower) Tell(l Listener) { f.tell = l }

// Fresh reports whether a cache may answer at now.
func (f *Follower) Fresh(now time.Time) bool {
	sent := f.proof.Load()
	if sent == nil {
		return false
	}
	elapsed := now.Sub(*sent)
	// UnixNano reads the wall clock, Sub the monotonic one; a machine that slept
	// or whose clock was set shows in their difference.
	wall := time.Duration(now.UnixNano() - sent.UnixNano())
	drift := wall - elapsed
	return 0 <= elapsed && elapsed < Bound && -Bound < drift && drift < Bound
}

// Age is how long ago the freshness proof was sent for; false when there is none.
func (f *Follower) Age(now time.Time) (time.Duration, bool) {
	sent := f.proof.Load()
	if sent == nil {
		return 0, false
	}
	return now.Sub(*sent), true
}

// Delay is how long after its making the newest entry was applied here.
func (f *Follower) Delay() time.Duration { return time.Duration(f.delay.Load()) }

// Delays is how long after their making entries were applied here, counted.
func (f *Follower) Delays() *Delays { return &f.delays }

// Wake asks for a poll now. It proves nothing by itself (TH-27).
func (f *Follower) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run polls until ctx ends. Without it there is never a proof, and every check
// reads the store.
func (f *Follower) Run(ctx context.Context) error {
	defer f.proof.Store(nil)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	healthy := true
	for {
		if err := f.Poll(ctx); err != nil && ctx.Err() == nil {
			if healthy {
				f.log.Warn("revocations cannot be read; sessions are checked in the store", "error", err)
			}
			healthy = false
		} else if !healthy {
			f.log.Info("revocations can be read again")
			healthy = true
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-f.wake:
		}
	}
}

// Poll catches up once and, on success, renews the proof. It is not safe to call
// beside Run.
func (f *Follower) Poll(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, Bound)
	defer cancel()
	sent := f.now()
	head, epoch, err := f.store.Head(ctx)
	if err != nil {
		return err
	}
	if epoch != f.epoch || head < f.number {
		// A first poll, a restored store or a failover: what was cached before
		// may have been read from another history (TH-12).
		f.cache.Reset()
		if l, ok := f.cache.(Loader); ok {
			if err := l.Load(parent); err != nil { // as long as it takes: the proof is as old as its question
				return err
			}
		}
		f.epoch, f.number = epoch, head
		if f.tell != nil {
			f.tell.Begin(epoch, head)
		}
		f.prove(sent)
		return nil
	}
	for f.number < head {
		entries, err := f.store.Since(ctx, f.number, batch)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			break
		}
		f.apply(entries)
	}
	f.prove(sent)
	return nil
}

func (f *Follower) apply(entries []Entry) {
	f.cache.Apply(entries)
	now := f.now()
	for i := range entries {
		f.delays.add(now.Sub(entries[i].At))
	}
	newest := &entries[len(entries)-1]
	f.delay.Store(int64(now.Sub(newest.At)))
	f.number = newest.Number
	if f.tell != nil {
		f.tell.Take(entries)
	}
}

func (f *Follower) prove(sent time.Time) {
	f.proof.Store(&sent)
	if f.tell != nil {
		f.tell.Current(sent)
	}
}
