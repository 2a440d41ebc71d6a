package ratelimit

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// DefaultKeys is how many keys each limit remembers unless told otherwise:
// half a megabyte per limit once it is all used.
const DefaultKeys = 1 << 15

// stripes is the number of locks; a power of two.
const stripes = 256

// Memory keeps limits in this process. It is safe for concurrent use and its
// memory is bounded when it is made.
type Memory struct {
	now    func() time.Duration
	seed   maphash.Seed
	tables map[Name]*table
	locks  [stripes]struct {
		sync.Mutex
		_ [56]byte // keep neighbours off each other's cache line
	}
}

// NewMemory makes a limiter of the given limits that remembers up to keys keys
// of each (rounded up to a power of two; 0 means DefaultKeys). now must be
// monotonic: see Monotonic. Faulty and repeated limits are an error.
func NewMemory(limits []Limit, keys int, now func() time.Duration) (*Memory, error) {
	if keys <= 0 {
		keys = DefaultKeys
	}
	m := &Memory{now: now, seed: maphash.MakeSeed(), tables: make(map[Name]*table, len(limits))}
	for _, l := range limits {
		if err := l.validate(); err != nil {
			return nil, err
		}
		if m.tables[l.Name] != nil {
			return nil, fmt.Errorf("ratelimit: %s is declared twice", l.Name)
		}
		m.tables[l.Name] = newTable(l, keys)
	}
	return m, nil
}

// Monotonic turns a clock into the time passed since now. When the clock's times
// carry a monotonic reading, as those of time.Now do, jumps of the wall clock do
// not show.
func Monotonic(now func() time.Time) func() time.Duration {
	start := now()
	return func() time.Duration { return now().Sub(start) }
}

// spot is where one key of a decision lives.
type spot struct {
	table *table
	tag   uint64
	lock  int
	next  int64
}

// Take implements Store. It refuses with ErrUnknownLimit only.
func (m *Memory) Take(_ context.Context, keys Keys) (Decision, error) {
	var found [MaxKeys]spot
	spots, err := m.locate(&keys, &found)
	if err != nil || len(spots) == 0 {
		return Decision{Allowed: err == nil}, err
	}
	now := int64(m.now())
	m.lock(spots)
	defer m.unlock(spots)
	d := weigh(spots, now)
	if d.Allowed {
		charge(spots)
	}
	return d, nil
}

// Refund implements Store. A key that was forgotten meanwhile is left alone.
func (m *Memory) Refund(_ context.Context, keys Keys) error {
	var found [MaxKeys]spot
	spots, err := m.locate(&keys, &found)
	if err != nil {
		return err
	}
	m.lock(spots)
	defer m.unlock(spots)
	for _, s := range spots {
		if e := s.table.find(s.tag); e != nil {
			e.arrival -= int64(s.table.limit.Every)
		}
	}
	return nil
}

// weigh looks at every key and changes nothing that counts.
func weigh(spots []spot, now int64) Decision {
	var worst Decision
	for i := range spots {
		s := &spots[i]
		var arrival int64
		if e := s.table.find(s.tag); e != nil {
			arrival = e.arrival
		}
		var d Decision
		var ok bool
		if s.next, ok = s.table.limit.advance(arrival, now); ok {
			d = s.table.limit.allowed(s.next, now)
		} else {
			d = s.table.limit.refused(s.next, now)
		}
		if i == 0 {
			worst = d
		} else {
			worst = Strictest(worst, d)
		}
	}
	return worst
}

func charge(spots []spot) {
	for _, s := range spots {
		s.table.place(s.tag).arrival = s.next
	}
}

// locate resolves keys to spots in the order of their locks. A key that is
// listed twice is charged once.
func (m *Memory) locate(keys *Keys, found *[MaxKeys]spot) ([]spot, error) {
	n := 0
	for i := range keys.n {
		k := &keys.list[i]
		t := m.tables[k.Limit]
		if t == nil {
			return nil, ErrUnknownLimit.Becausef("limit %q", k.Limit)
		}
		s := spot{table: t, tag: m.tag(k)}
		s.lock = t.set(s.tag) & (stripes - 1)
		if !slices.ContainsFunc(found[:n], func(o spot) bool { return o.table == t && o.tag == s.tag }) {
			n = insert(found, n, s)
		}
	}
	return found[:n], nil
}

// insert keeps found ordered by lock, so that decisions never wait in a circle.
func insert(found *[MaxKeys]spot, n int, s spot) int {
	i := n
	for ; i > 0 && found[i-1].lock > s.lock; i-- {
		found[i] = found[i-1]
	}
	found[i] = s
	return n + 1
}

// tag is a keyed hash of whom k counts; tables keep limits apart. The length of
// the first part goes in, so that ("ab","c") and ("a","bc") differ.
func (m *Memory) tag(k *Key) uint64 {
	const golden = 0x9e3779b97f4a7c15
	h := maphash.String(m.seed, k.Of)
	if k.And != "" {
		h = (h ^ uint64(len(k.Of))) * golden
		h ^= h >> 32
		h += maphash.String(m.seed, k.And)
		h *= golden
		h ^= h >> 29
	}
	return max(h, 1) // zero marks an empty entry
}

func (m *Memory) lock(spots []spot) {
	for i := range spots {
		if i == 0 || spots[i].lock != spots[i-1].lock {
			m.locks[spots[i].lock].Lock()
		}
	}
}

func (m *Memory) unlock(spots []spot) {
	for i := range spots {
		if i == 0 || spots[i].lock != spots[i-1].lock {
			m.locks[spots[i].lock].Unlock()
		}
	}
}
