package ratelimit

// ways is the size of a set: two cache lines of entries.
const ways = 8

// entry is one key. A zero tag is an empty entry.
type entry struct {
	tag     uint64 // keyed hash of the key
	arrival int64
}

// table holds a bounded number of keys in sets of ways entries. Sets that share
// a lock share a page, which is made when one of them is first written: a limit
// that nobody comes near costs next to nothing.
type table struct {
	limit Limit
	count int             // of sets, a power of two
	pages [][][ways]entry // a power of two, at most one for each lock
}

func newTable(l Limit, keys int) *table {
	n := 1
	for n*ways < keys {
		n *= 2
	}
	return &table{limit: l, count: n, pages: make([][][ways]entry, min(n, stripes))}
}

// set returns the index of the only set that may hold tag.
func (t *table) set(tag uint64) int { return int(tag>>32) & (t.count - 1) }

// find returns the entry of tag, or nil.
func (t *table) find(tag uint64) *entry {
	n := t.set(tag)
	page := t.pages[n&(len(t.pages)-1)]
	if page == nil {
		return nil
	}
	set := &page[n/len(t.pages)]
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
	n := t.set(tag)
	page := &t.pages[n&(len(t.pages)-1)]
	if *page == nil {
		*page = make([][ways]entry, t.count/len(t.pages))
	}
	set := &(*page)[n/len(t.pages)]
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
