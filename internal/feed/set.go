package feed

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
)

const shards = 256

// Set is the live set: what a token must not name. Readers take no lock and
// allocate nothing; any number of goroutines may call any method. An entry is
// seen by every Revoked that starts after its Add returned.
type Set struct {
	seeds    [2]uint64
	filter   atomic.Pointer[filter]
	instance atomic.Int64 // tokens with a lower uv are dead; 0 for none
	all      atomic.Bool  // everything is dead: more entries than max
	tables   [shards]atomic.Pointer[table]

	mu       sync.Mutex // one writer at a time
	max      int
	count    int
	until    uint64 // of the instance entry
	allUntil uint64
}

// NewSet makes an empty Set for at most max entries, at up to 54 bytes each. What goes
// beyond is widened, never dropped: everything is dead until the newest of what
// did not fit has expired (TH-17).
func NewSet(max int) *Set {
	s := &Set{max: max}
	seed := maphash.MakeSeed()
	s.seeds = [2]uint64{maphash.String(seed, "lo"), maphash.String(seed, "hi")}
	s.Reset()
	return s
}

// hash mixes with secret seeds: nobody outside can aim values at one place.
func (s *Set) hash(lo, hi uint64, k Kind) uint64 {
	a, b := bits.Mul64(lo^s.seeds[0], hi^s.seeds[1]^uint64(k)*0x9e3779b97f4a7c15)
	a, b = bits.Mul64(a^s.seeds[1], b^s.seeds[0])
	return a ^ b
}

func (s *Set) key(k Kind, value *[16]byte) key {
	lo, hi := halves(value)
	return key{lo: lo, hi: hi, kind: k, hash: s.hash(lo, hi, k)}
}

func halves(value *[16]byte) (lo, hi uint64) {
	return binary.LittleEndian.Uint64(value[:8]), binary.LittleEndian.Uint64(value[8:])
}

// shard takes bits of the hash that neither home nor tag depend on much.
func (k *key) shard() int { return int(k.hash>>8) % shards }

// Add takes entries. Of several for one thing the highest Version and the latest
// Until count, so order and repetition do not matter.
func (s *Set) Add(entries []Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range entries {
		s.add(&entries[i])
	}
}

func (s *Set) add(e *Entry) {
	until := deadline(e.Until)
	if e.Kind == Instance {
		s.until = max(s.until, until)
		s.instance.Store(max(s.instance.Load(), lowest(e)))
		return
	}
	var version uint64
	if e.Kind.versioned() {
		version = uint64(lowest(e))
	}
	k := s.key(e.Kind, &e.Value)
	p := &s.tables[k.shard()]
	t := p.Load()
	if found := t.find(&k); found != nil {
		found.raise(version, until)
		return
	}
	if s.count >= s.max {
		s.allUntil = max(s.allUntil, until)
		s.all.Store(true)
		return
	}
	if t.full() {
		t = t.rebuilt(0, 1, s.hash)
		p.Store(t)
	}
	t.insert(&k, version, until)
	s.count++
	f := s.filter.Load()
	if f.full() {
		s.refilter() // with k, which is in its table
		return
	}
	f.add(k.hash)
}

// refilter makes the filter anew, of what lives.
func (s *Set) refilter() {
	f := newFilter(s.count)
	for i := range s.tables {
		s.tables[i].Load().each(func(slot *slot) { f.add(slot.key(s.hash).hash) })
	}
	s.filter.Store(f)
}

func deadline(until int64) uint64 {
	if until <= 0 || until > forever {
		return forever
	}
	return uint64(until)
}

// highest is above every version a token can carry.
const highest = 1<<63 - 1

func lowest(e *Entry) int64 {
	if e.Version < 1 {
		return highest
	}
	return e.Version
}

// Reset forgets everything. A follower that begins a new epoch does not call it:
// it keeps what it knew until that expires (TH-12).
func (s *Set) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.tables {
		s.tables[i].Store(newTable(1))
	}
	s.filter.Store(newFilter(0))
	s.count, s.until, s.allUntil = 0, 0, 0
	s.instance.Store(0)
	s.all.Store(false)
}

// Sweep forgets what has expired before now, the signed time of the feed in Unix
// seconds (TH-15), and returns how many entries that were.
func (s *Set) Sweep(now int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now <= 0 {
		return 0
	}
	before := s.count
	for i := range s.tables {
		s.count -= s.sweep(&s.tables[i], uint64(now))
	}
	if s.filter.Load().oversized(s.count) {
		s.refilter()
	}
	if s.until < uint64(now) {
		s.instance.Store(0)
		s.until = 0
	}
	if s.allUntil < uint64(now) {
		s.all.Store(false)
		s.allUntil = 0
	}
	return before - s.count
}

func (s *Set) sweep(p *atomic.Pointer[table], now uint64) (gone int) {
	t := p.Load()
	t.each(func(slot *slot) {
		if slot.until.Load()>>8 < now {
			gone++
		}
	})
	if gone > 0 {
		p.Store(t.rebuilt(now, 0, s.hash))
	}
	return gone
}

// Len is how many entries live, instance entries aside.
func (s *Set) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Widened reports that more entries were told than fit, so that every token is
// refused; a verifier may ask the issuer about each instead.
func (s *Set) Widened() bool { return s.all.Load() }
