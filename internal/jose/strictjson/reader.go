package strictjson

import (
	"errors"
	"slices"
	"unicode/utf8"
)

// ErrMalformed is the answer to everything a Reader does not take.
var ErrMalformed = errors.New("strictjson: malformed")

// What a text may hold.
const (
	MaxDepth   = 16 // objects and arrays within each other
	MaxMembers = 64 // members of an object and of those around it
)

// Reader reads one value. The first error sticks: from then on every method
// answers with a zero value and Close with the error. A Reader is for one
// goroutine.
type Reader struct {
	s     string
	i     int
	bad   bool
	depth int
	live  int // names in use, of this object and those around it
	names [MaxMembers]string
}

// New starts to read s.
func New(s string) Reader { return Reader{s: s, bad: !utf8.ValidString(s)} }

// Close reports whether the whole text was one value, read without an error.
func (r *Reader) Close() error {
	r.space()
	if r.bad || r.i != len(r.s) {
		return ErrMalformed
	}
	return nil
}

// Fail makes Close return an error: what was read is JSON, but not what is due.
func (r *Reader) Fail() { r.bad = true }

// Failed reports whether an error was met.
func (r *Reader) Failed() bool { return r.bad }

// Object reads an object and calls member with each name. member must read the
// value, or Skip it.
func (r *Reader) Object(member func(name string)) {
	if !r.enter('{') {
		return
	}
	before := r.live
	for n := 0; r.more('}', n); n++ {
		name := r.String()
		if !r.isNew(name, before) || !r.take(':') {
			r.bad = true
			return
		}
		member(name)
	}
	r.live = before
	r.depth--
}

// isNew notes name and reports whether the object that began at from lacks it.
func (r *Reader) isNew(name string, from int) bool {
	if r.bad || r.live == MaxMembers || slices.Contains(r.names[from:r.live], name) {
		return false
	}
	r.names[r.live] = name
	r.live++
	return true
}

// Array reads an array and calls element once for each value, which it must read.
func (r *Reader) Array(element func()) {
	if !r.enter('[') {
		return
	}
	for n := 0; r.more(']', n); n++ {
		element()
	}
	r.depth--
}

// AppendStrings reads an array of strings and appends them.
func (r *Reader) AppendStrings(list []string) []string {
	r.Array(func() { list = append(list, r.String()) })
	return list
}

// Next is the first character of the coming value, 0 at the end.
func (r *Reader) Next() byte {
	r.space()
	if r.bad || r.i >= len(r.s) {
		return 0
	}
	return r.s[r.i]
}

// Raw reads one value of any type and returns it as it is written.
func (r *Reader) Raw() string {
	r.space()
	from := r.i
	r.Skip()
	if r.bad {
		return ""
	}
	return r.s[from:r.i]
}

// Skip reads a value of any type, as strictly as any other.
func (r *Reader) Skip() {
	switch r.Next() {
	case '{':
		r.Object(func(string) { r.Skip() })
	case '[':
		r.Array(r.Skip)
	case '"':
		r.skipString()
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.number()
	}
}

func (r *Reader) enter(open byte) bool {
	if !r.take(open) {
		return false
	}
	r.depth++
	r.bad = r.depth > MaxDepth
	return !r.bad
}

// more reports whether an element follows, the n-th; it takes comma and end.
func (r *Reader) more(end byte, n int) bool {
	next := r.Next()
	if next == end {
		r.i++
		return false
	}
	if n == 0 {
		return !r.bad
	}
	return r.take(',')
}

func (r *Reader) take(c byte) bool {
	if r.Next() != c {
		r.bad = true
		return false
	}
	r.i++
	return true
}

func (r *Reader) word(w string) {
	if len(r.s)-r.i < len(w) || r.s[r.i:r.i+len(w)] != w {
		r.bad = true
		return
	}
	r.i += len(w)
}

func (r *Reader) space() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ' ', '\t', '\n', '\r':
			r.i++
		default:
			return
		}
	}
}
