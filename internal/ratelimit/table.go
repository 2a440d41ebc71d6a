package ratelimit

// ways is the size of a set: two cache lines of entries.
const ways = 8

// entry is one key. A zero tag is an empty entry.
type entry struct {
	tag     uint64 // keyed hash of the key
	arrival int64
}

// table holds a bounded number of keys in sets of ways entries.
type table struct {
	limit Limit
	sets  [][ways]entry // a power of two
}

func newTable(l Limit, keys int) *table {
	n := 1
	for n*ways < keys {
		n *= 2
	}
	return &table{limit: l, sets: make([][ways]entry, n)}
}

// set returns the index of the only set that may hold tag.
func (t *table) set(tag uint64) int { return int(tag>>32) & (len(t.sets) - 1) }

// find returns the entry of tag, or nil.
func (t *table) find(tag uint64) *entry {
	set := &t.sets[t.set(tag)]
	for i := range set {
		if set[i].tag == tag {
			return &set[i]
		}
	}
	return nil
}

// place returns the entry of tag, making room by giving up the one that is
// nearest to idle. An empty entry has the arrival time zero, so it goes first.
func (t *table) place(tag uint64) *entry {
	set := &t.sets[t.set(tag)]
	stalest := &set[0]
	for i := range set {
		if set[i].tag == tag {
			return &set[i]
		}
		if set[i].arrival < stalest.arrival {
			stalest = &set[i]
		}
	}
	*stalest = entry{tag: tag}
	return stalest
}
