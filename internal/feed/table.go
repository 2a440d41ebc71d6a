package feed

import (
	"math/bits"
	"sync/atomic"
)

// A table is open addressing in groups of eight slots. Each group has one word of
// eight tags, a byte of the hash each, 0 for empty: a million entries have two
// megabytes of tags, so that asking for what is not there rarely leaves the
// processor's cache. Entries are added in place, tag last, and leave only by a
// rebuilt table, so readers need no lock.
type table struct {
	tags  []atomic.Uint64
	slots []slot
	used  int // owned by the writer
}

// slot is one entry; value and kind never change once its tag is set.
type slot struct {
	lo, hi  atomic.Uint64
	version atomic.Uint64 // of a versioned kind
	until   atomic.Uint64 // the kind in the low byte; forever above all
}

const (
	group   = 8
	ones    = 0x0101010101010101
	highs   = 0x8080808080808080
	forever = 1<<56 - 1
)

// key is a value with its kind, and its hash.
type key struct {
	lo, hi uint64
	kind   Kind
	hash   uint64
}

func newTable(groups int) *table {
	return &table{tags: make([]atomic.Uint64, groups), slots: make([]slot, groups*group)}
}

// full keeps a quarter of the slots empty, so that most searches end at once.
func (t *table) full() bool { return t.used >= len(t.slots)/4*3 }

// tagOf is the low byte of the hash, or 1 where that is 0.
func tagOf(hash uint64) uint64 { return hash&0xff + (hash&0xff-1)>>63 }

// home scales the hash's high half to the number of groups.
func (t *table) home(hash uint64) int { return int(hash >> 32 * uint64(len(t.tags)) >> 32) }

// find returns the slot of k, or nil. For what is not there it reads one word of
// tags.
func (t *table) find(k *key) *slot {
	want := tagOf(k.hash) * ones
	for g := t.home(k.hash); ; {
		tags := t.tags[g].Load()
		// A byte equal to the tag is zero in x; a false hit next to a true one is
		// sorted out by comparing the slot.
		x := tags ^ want
		for m := (x - ones) & ^x & highs; m != 0; m &= m - 1 {
			if s := &t.slots[g*group+bits.TrailingZeros64(m)/8]; s.is(k) {
				return s
			}
		}
		if (tags-ones) & ^tags & highs != 0 { // an empty slot ends the search
			return nil
		}
		if g++; g == len(t.tags) {
			g = 0
		}
	}
}

func (s *slot) is(k *key) bool {
	return s.lo.Load() == k.lo && s.hi.Load() == k.hi && Kind(s.until.Load()) == k.kind
}

// key is what the slot holds.
func (s *slot) key(hash func(lo, hi uint64, k Kind) uint64) key {
	k := key{lo: s.lo.Load(), hi: s.hi.Load(), kind: Kind(s.until.Load())}
	k.hash = hash(k.lo, k.hi, k.kind)
	return k
}

// insert puts k, which is not there, into a table that is not full.
func (t *table) insert(k *key, version, until uint64) {
	for g := t.home(k.hash); ; {
		tags := t.tags[g].Load()
		for i := range group {
			if tags>>(8*i)&0xff != 0 {
				continue
			}
			s := &t.slots[g*group+i]
			s.lo.Store(k.lo)
			s.hi.Store(k.hi)
			s.version.Store(version)
			s.until.Store(until<<8 | uint64(k.kind))
			t.tags[g].Store(tags | tagOf(k.hash)<<(8*i))
			t.used++
			return
		}
		if g++; g == len(t.tags) {
			g = 0
		}
	}
}

// raise keeps the wider of what is there and what is told.
func (s *slot) raise(version, until uint64) {
	s.version.Store(max(s.version.Load(), version))
	old := s.until.Load()
	s.until.Store(max(old>>8, until)<<8 | old&0xff)
}

// rebuilt copies what lives at now into a table with room for more entries.
func (t *table) rebuilt(now uint64, more int, hash func(lo, hi uint64, k Kind) uint64) *table {
	live := 0
	t.each(func(s *slot) {
		if s.until.Load()>>8 >= now {
			live++
		}
	})
	next := newTable((live+more)*5/4*4/3/group + 1)
	t.each(func(s *slot) {
		until := s.until.Load()
		if until>>8 < now {
			return
		}
		k := s.key(hash)
		next.insert(&k, s.version.Load(), until>>8)
	})
	return next
}

func (t *table) each(fn func(*slot)) {
	for g := range t.tags {
		tags := t.tags[g].Load()
		for i := range group {
			if tags>>(8*i)&0xff != 0 {
				fn(&t.slots[g*group+i])
			}
		}
	}
}
