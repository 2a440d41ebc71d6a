package lockout

import "time"

const ways = 8

// mark is what is remembered about one subject, pair or device.
type mark struct {
	tag      uint64
	failures int32
	at       time.Duration // pair: wait until then; subject, device: last failure
}

// marks is a bounded number of marks in sets of ways. Sets come in pages, made
// when something of theirs is first kept: a server that nobody attacks holds few.
type marks []*[pageSets][ways]mark

const pageSets = 16

// newMarks makes room for n marks; n is a power of two and at least a page.
func newMarks(n int) marks { return make(marks, n/(ways*pageSets)) }

// place is the page and the set within it that alone may hold tag.
func (m marks) place(tag uint64) (page, set uint64) {
	n := tag >> 32 & uint64(len(m)*pageSets-1)
	return n / pageSets, n % pageSets
}

// get returns a copy of the mark of tag, or an empty one.
func (m marks) get(tag uint64) mark {
	if p := m.find(tag); p != nil {
		return *p
	}
	return mark{tag: tag}
}

func (m marks) find(tag uint64) *mark {
	page, n := m.place(tag)
	if m[page] == nil {
		return nil
	}
	set := &m[page][n]
	for i := range set {
		if set[i].tag == tag {
			return &set[i]
		}
	}
	return nil
}

// put keeps v, in place of the mark of its set with the least to lose.
func (m marks) put(v mark) {
	if p := m.find(v.tag); p != nil {
		*p = v
		return
	}
	page, n := m.place(v.tag)
	if m[page] == nil {
		m[page] = new([pageSets][ways]mark)
	}
	set := &m[page][n]
	least := &set[0]
	for i := range set {
		if set[i].less(*least) {
			least = &set[i]
		}
	}
	*least = v
}

// less orders by what forgetting would cost. Empty marks come first.
func (m mark) less(o mark) bool {
	if (m.tag == 0) != (o.tag == 0) {
		return m.tag == 0
	}
	if m.failures != o.failures {
		return m.failures < o.failures
	}
	return m.at < o.at
}

func (m marks) drop(tag uint64) {
	if p := m.find(tag); p != nil {
		*p = mark{}
	}
}
