package lockout

import "time"

const ways = 8

// mark is what is remembered about one subject, pair or device.
type mark struct {
	tag      uint64
	failures int32
	at       time.Duration // pair: wait until then; subject, device: last failure
}

// marks is a fixed number of marks in sets of ways.
type marks [][ways]mark

// newMarks makes room for n marks; n is a power of two and at least ways.
func newMarks(n int) marks { return make(marks, n/ways) }

func (m marks) set(tag uint64) *[ways]mark { return &m[tag>>32&uint64(len(m)-1)] }

// get returns a copy of the mark of tag, or an empty one.
func (m marks) get(tag uint64) mark {
	if p := m.find(tag); p != nil {
		return *p
	}
	return mark{tag: tag}
}

func (m marks) find(tag uint64) *mark {
	set := m.set(tag)
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
	set := m.set(v.tag)
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
