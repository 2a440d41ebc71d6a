package strictjson

import (
	"strconv"
	"strings"
)

// Largest values that are read.
const (
	MaxInteger = 1<<53 - 1    // what every JSON implementation reads exactly
	MaxDate    = 253402300799 // the last second of the year 9999
)

// Integer reads a whole number from 0 to MaxInteger, without fraction or exponent.
func (r *Reader) Integer() int64 {
	n, err := strconv.ParseInt(r.number(), 10, 64)
	if err != nil || n < 0 || n > MaxInteger {
		r.bad = true
		return 0
	}
	return n
}

// Date reads a NumericDate (RFC 7519, 2): seconds since 1970, which may have a
// fraction. The fraction is dropped. Negative dates and those after 9999 are
// errors.
func (r *Reader) Date() int64 {
	text := r.number()
	if strings.HasPrefix(text, "-") {
		r.bad = true
	}
	if !r.bad && !strings.ContainsAny(text, "eE") {
		text, _, _ = strings.Cut(text, ".")
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n <= MaxDate {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= MaxDate) {
		r.bad = true
		return 0
	}
	return int64(f)
}

// number takes a number as it is written; "" with an error.
func (r *Reader) number() string {
	r.space()
	from := r.i
	r.have('-')
	if !r.have('0') && !r.digits() {
		r.bad = true
	}
	if r.have('.') && !r.digits() {
		r.bad = true
	}
	if r.have('e') || r.have('E') {
		if !r.have('+') {
			r.have('-')
		}
		if !r.digits() {
			r.bad = true
		}
	}
	if r.bad {
		return ""
	}
	return r.s[from:r.i]
}

func (r *Reader) have(c byte) bool {
	if r.i < len(r.s) && r.s[r.i] == c {
		r.i++
		return true
	}
	return false
}

func (r *Reader) digits() bool {
	from := r.i
	for r.i < len(r.s) && isDigit(r.s[r.i]) {
		r.i++
	}
	return r.i > from
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
