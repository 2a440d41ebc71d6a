package password

import "strings"

// crypt64 is the alphabet of crypt(3), least significant bits first.
const crypt64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// crypt64Number reads up to five characters as one number.
func crypt64Number(s string) (n uint64, ok bool) {
	for i := range len(s) {
		v := strings.IndexByte(crypt64, s[i])
		if v < 0 {
			return 0, false
		}
		n |= uint64(v) << (6 * i)
	}
	return n, true
}

// crypt64Decode reads bytes, three to four characters. Left-over bits must be
// zero, so that one hash has one spelling.
func crypt64Decode(s string) ([]byte, bool) {
	out := make([]byte, 0, len(s)*3/4)
	for len(s) > 0 {
		group := min(4, len(s))
		v, ok := crypt64Number(s[:group])
		if !ok || group == 1 {
			return nil, false
		}
		for range group - 1 {
			out = append(out, byte(v))
			v >>= 8
		}
		if v != 0 {
			return nil, false
		}
		s = s[group:]
	}
	return out, true
}
