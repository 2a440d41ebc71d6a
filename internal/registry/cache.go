package registry

import "sync"

const memory = 1024 // changes remembered for fills under way; a power of two

// cache is a bounded map from names to snapshots. It answers nothing by itself:
// whoever asks must hold a freshness proof (TH-11).
type cache[V any] struct {
	limit int
	value func(name string) [16]byte // what an entry calls it

	mu      sync.RWMutex
	rows    map[string]*V
	names   map[[16]byte]string
	applied uint64
	recent  [memory][16]byte // of the changes applied last; zero for all at once
}

func newCache[V any](limit int, value func(string) [16]byte) *cache[V] {
	return &cache[V]{limit: max(1, limit), value: value, rows: map[string]*V{}, names: map[[16]byte]string{}}
}

func (c *cache[V]) get(name string) *V {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.rows[name]
}

// begin returns the mark to hand to put. Call it before the store is read.
func (c *cache[V]) begin() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.applied
}

// put keeps v unless something that names it was applied since mark (TH-10).
func (c *cache[V]) put(mark uint64, name string, v *V) {
	key := c.value(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.overtaken(mark, key) {
		return
	}
	if _, there := c.rows[name]; !there && len(c.rows) >= c.limit {
		for victim := range c.rows { // map order is random enough for eviction
			c.drop(victim)
			break
		}
	}
	c.rows[name], c.names[key] = v, name
}

func (c *cache[V]) overtaken(mark uint64, key [16]byte) bool {
	if c.applied-mark > memory {
		return true
	}
	for n := mark; n < c.applied; n++ {
		if r := c.recent[n%memory]; r == key || r == [16]byte{} {
			return true
		}
	}
	return false
}

func (c *cache[V]) drop(name string) {
	delete(c.rows, name)
	delete(c.names, c.value(name))
}

// forget drops what an entry names, everything for the zero value.
func (c *cache[V]) forget(key [16]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recent[c.applied%memory] = key
	c.applied++
	if key == [16]byte{} {
		clear(c.rows)
		clear(c.names)
	} else if name, ok := c.names[key]; ok {
		c.drop(name)
	}
}
