package jose

import "fmt"

// ECDSA signatures are R and S of 32 bytes each in a JWS (RFC 7518, 3.4), and an
// ASN.1 sequence of two integers for the standard library.

const half = 32

// fixedFromDER reads the ASN.1 form.
func fixedFromDER(der []byte) ([]byte, error) {
	fixed := make([]byte, 2*half)
	rest, ok := element(der, 0x30)
	if ok && len(rest) == len(der)-2 {
		r, ok1 := element(rest, 0x02)
		if ok1 {
			s, ok2 := element(rest[2+len(r):], 0x02)
			if ok2 && 4+len(r)+len(s) == len(rest) && putFixed(fixed[:half], r) && putFixed(fixed[half:], s) {
				return fixed, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: an ES256 signer that does not answer in ASN.1", ErrKey)
}

// element is the content of a DER element shorter than 128 bytes.
func element(b []byte, tag byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != tag || b[1] >= 0x80 || int(b[1]) > len(b)-2 {
		return nil, false
	}
	return b[2 : 2+int(b[1])], true
}

func putFixed(to, integer []byte) bool {
	if len(integer) == half+1 && integer[0] == 0 {
		integer = integer[1:]
	}
	if len(integer) == 0 || len(integer) > half {
		return false
	}
	copy(to[half-len(integer):], integer)
	return true
}

// appendDER appends the ASN.1 form of a fixed signature of 64 bytes.
func appendDER(b, fixed []byte) []byte {
	b = append(b, 0x30, 0)
	b = appendInteger(b, fixed[:half])
	b = appendInteger(b, fixed[half:])
	b[1] = byte(len(b) - 2)
	return b
}

func appendInteger(b, fixed []byte) []byte {
	for len(fixed) > 1 && fixed[0] == 0 {
		fixed = fixed[1:]
	}
	if fixed[0] >= 0x80 {
		return append(append(b, 0x02, byte(len(fixed)+1), 0), fixed...)
	}
	return append(append(b, 0x02, byte(len(fixed))), fixed...)
}
