package feed

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"strings"
)

// RawValue is the 16 bytes a value has before it is masked: those of an id in its
// written form (usr_01jd…), and else the first half of a SHA-256 of kind and text.
// Empty text is the zero value, which a Question does not ask for.
func RawValue(k Kind, text string) [16]byte {
	var v [16]byte
	if text == "" {
		return v
	}
	if k == Session || k == Grant || k == Subject || k == Token {
		if _, body, ok := strings.Cut(text, "_"); ok && decodeID(&v, body) {
			return v
		}
	}
	var space [128]byte
	sum := sha256.Sum256(append(append(space[:0], byte(k)), text...))
	copy(v[:], sum[:])
	return v
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base32

var digits = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range alphabet {
		t[alphabet[i]] = byte(i)
	}
	return t
}()

// decodeID reads the 26 characters of an id: 128 bits, the first character three.
func decodeID(v *[16]byte, text string) bool {
	if len(text) != 26 || digits[text[0]] > 7 {
		return false
	}
	var hi, lo uint64
	for i := range len(text) {
		d := digits[text[i]]
		if d > 31 {
			return false
		}
		hi, lo = hi<<5|lo>>59, lo<<5|uint64(d)
	}
	for i := range 8 {
		v[i], v[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
	}
	return true
}

// Mask is the value an audience sees: HMAC-SHA-256 of kind and raw value under
// the audience's key, cut to 16 bytes (TH-16). Empty text masks to zero.
func Mask(key []byte, k Kind, value string) [16]byte {
	return MaskRaw(key, k, RawValue(k, value))
}

// MaskRaw masks a raw value. Zero stays zero.
func MaskRaw(key []byte, k Kind, raw [16]byte) [16]byte { return NewMasker(key).Mask(k, raw) }

// Masker masks many raw values under one key. Not safe for concurrent use.
type Masker struct {
	mac hash.Hash
	in  [17]byte
	sum [sha256.Size]byte
}

// NewMasker makes a Masker.
func NewMasker(key []byte) *Masker { return &Masker{mac: hmac.New(sha256.New, key)} }

// Mask is MaskRaw under the Masker's key.
func (m *Masker) Mask(k Kind, raw [16]byte) (masked [16]byte) {
	if raw == [16]byte{} {
		return masked
	}
	m.in[0] = byte(k)
	copy(m.in[1:], raw[:])
	m.mac.Reset()
	m.mac.Write(m.in[:])
	copy(masked[:], m.mac.Sum(m.sum[:0]))
	return masked
}
