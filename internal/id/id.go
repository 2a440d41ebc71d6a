// Package id makes the typed, time-ordered names of everything Mortise keeps.
//
// An ID is a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then randomness.
// It is stored as 16 bytes and written as a type prefix and 26 lower-case
// Crockford base32 characters, for example usr_01jd4n3e5fezqrb2mcvkzx9p0h.
// IDs are names, not secrets: they may appear in logs and URLs and prove nothing.
package id

import (
	"fmt"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// ErrMalformed is returned for text that is not an ID of the wanted type.
var ErrMalformed = problem.New(problem.Invalid, "malformed_id", "That is not a valid id. Ids look like usr_01jd4n3e5fezqrb2mcvkzx9p0h; copy it again in full.")

// Noun names the type of thing an ID stands for. Its zero value must answer Prefix.
type Noun interface{ Prefix() string }

// ID names one thing of the kind N.
type ID[N Noun] [16]byte

// New makes an ID that sorts after all IDs made in earlier milliseconds.
func New[N Noun](now time.Time) ID[N] {
	var v ID[N]
	secret.Fill(v[6:])
	return v.stamped(now)
}

// Derived is the ID of something that is not kept yet and must be called the same
// each time: from is the MAC of what is known of it, and stands for the randomness.
func Derived[N Noun](made time.Time, from [32]byte) ID[N] {
	var v ID[N]
	copy(v[6:], from[:])
	return v.stamped(made)
}

func (v ID[N]) stamped(now time.Time) ID[N] {
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		v[i] = byte(ms >> (40 - 8*i))
	}
	v[6] = v[6]&0x0f | 0x70
	v[8] = v[8]&0x3f | 0x80
	return v
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var values = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range alphabet {
		t[alphabet[i]] = byte(i)
	}
	return t
}()

// String is the written form, prefix included. The zero ID is the empty string.
func (v ID[N]) String() string {
	if v.IsZero() {
		return ""
	}
	var n N
	var b strings.Builder
	b.Grow(len(n.Prefix()) + 27)
	b.WriteString(n.Prefix())
	b.WriteByte('_')
	// 128 bits are 26 characters of five bits, the first holding only three.
	hi, lo := v.words()
	for i := range 26 {
		shift := 125 - 5*i
		b.WriteByte(alphabet[bits(hi, lo, shift)])
	}
	return b.String()
}

func (v ID[N]) words() (hi, lo uint64) {
	for i := range 8 {
		hi = hi<<8 | uint64(v[i])
		lo = lo<<8 | uint64(v[8+i])
	}
	return hi, lo
}

func bits(hi, lo uint64, shift int) byte {
	switch {
	case shift >= 64:
		return byte(hi>>(shift-64)) & 31
	case shift > 59:
		return byte(hi<<(64-shift)|lo>>shift) & 31
	default:
		return byte(lo>>shift) & 31
	}
}

// Parse reads the written form and nothing else: other prefixes, upper case
// and other lengths are ErrMalformed.
func Parse[N Noun](s string) (ID[N], error) {
	var n N
	var v ID[N]
	body, ok := strings.CutPrefix(s, n.Prefix()+"_")
	if !ok || len(body) != 26 || values[body[0]] > 7 {
		return v, ErrMalformed.Becausef("want %s_ and 26 characters", n.Prefix())
	}
	var hi, lo uint64
	for i := range 26 {
		d := values[body[i]]
		if d == 0xff {
			return v, ErrMalformed.Becausef("character %d", i)
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(d)
	}
	for i := range 8 {
		v[i] = byte(hi >> (56 - 8*i))
		v[8+i] = byte(lo >> (56 - 8*i))
	}
	return v, nil
}

// IsZero reports whether v names nothing.
func (v ID[N]) IsZero() bool { return v == ID[N]{} }

// Time is the millisecond at which v was made.
func (v ID[N]) Time() time.Time {
	hi, _ := v.words()
	return time.UnixMilli(int64(hi >> 16)).UTC()
}

// MarshalText is String.
func (v ID[N]) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText is Parse.
func (v *ID[N]) UnmarshalText(text []byte) error {
	got, err := Parse[N](string(text))
	if err != nil {
		return fmt.Errorf("id: %w", err)
	}
	*v = got
	return nil
}
