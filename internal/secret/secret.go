package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/bits"
	"time"
)

// Redacted is what every secret prints as.
const Redacted = "[redacted]"

// Purpose says what a Token is for. Two purposes never share a digest.
type Purpose string

// Size is the length of a Token in bytes.
const Size = 32

// EncodedLen is the length of a revealed Token, and StampedLen of one with a stamp.
const (
	EncodedLen = 43
	StampedLen = 48
)

const stampSize = 4

// ErrMalformed is returned by Parse for text that no mint ever produced.
var ErrMalformed = errors.New("secret: malformed")

// Fill fills b with cryptographically secure randomness. It cannot fail.
func Fill(b []byte) { _, _ = rand.Read(b) }

// Token is a 256-bit random secret, behind a stamp if it was minted with one.
// Copies share the same bytes; a Token is safe for concurrent use. The zero Token
// is empty and has no digest.
type Token struct{ v *token }

// The bytes are behind a second pointer: of a value in an unexported field, %s
// prints what the first one points at.
type token struct {
	purpose Purpose
	stamped bool
	bytes   *stamped
}

// stamped is a stamp and a secret. Without a stamp the first bytes are zero.
type stamped [stampSize + Size]byte

// New mints a Token.
func New(p Purpose) Token {
	t := &token{purpose: p, bytes: new(stamped)}
	Fill(t.bytes[stampSize:])
	return Token{t}
}

// NewAt mints a Token with a stamp: the time, in steps of about 4 ms that repeat
// after 203 days. It is no part of the secret, but the digest begins with it.
// That is for Tokens minted by the thousand and looked up by their digest: an
// index takes them side by side, and not each on a page of its own.
func NewAt(p Purpose, t time.Time) Token {
	minted := New(p)
	minted.v.stamped = true
	binary.BigEndian.PutUint32(minted.v.bytes[:stampSize], uint32(t.UnixMicro()>>12))
	return minted
}

// Parse reads a revealed Token. Length, alphabet and canonical form are checked,
// so one secret has exactly one spelling.
func Parse(p Purpose, s string) (Token, error) {
	t := &token{purpose: p, stamped: len(s) == StampedLen, bytes: new(stamped)}
	if !t.bytes.read(s) {
		return Token{}, ErrMalformed
	}
	return Token{t}, nil
}

var strict = base64.RawURLEncoding.Strict()

// read decodes a revealed Token without allocating.
func (b *stamped) read(s string) bool {
	dst := b[:]
	switch len(s) {
	case EncodedLen:
		dst = b[stampSize:]
	case StampedLen:
	default:
		return false
	}
	var text [StampedLen]byte
	n, err := strict.Decode(dst, text[:copy(text[:], s)])
	return err == nil && n == len(dst) // line breaks are skipped by Decode
}

// Reveal returns the text to hand to its owner: 43 characters of base64url, or 48
// with a stamp.
func (t Token) Reveal() string {
	switch {
	case t.v == nil:
		return ""
	case t.v.stamped:
		return base64.RawURLEncoding.EncodeToString(t.v.bytes[:])
	default:
		return base64.RawURLEncoding.EncodeToString(t.v.bytes[stampSize:])
	}
}

// IsZero reports whether t holds nothing.
func (t Token) IsZero() bool { return t.v == nil }

// Digest is what may be stored of t. The instance is part of it, so a secret
// of one Mortise is nothing to another in the same process or database.
func (t Token) Digest(instance [16]byte) Digest {
	if t.v == nil {
		return Digest{}
	}
	return t.v.bytes.digest(t.v.purpose, instance, t.v.stamped)
}

// DigestOf parses s and digests it without allocating: the path every request
// takes. It reports false for anything Parse would refuse.
func DigestOf(p Purpose, instance [16]byte, s string) (Digest, bool) {
	var b stamped
	if !b.read(s) {
		return Digest{}, false
	}
	return b.digest(p, instance, len(s) == StampedLen), true
}

func (b *stamped) digest(p Purpose, instance [16]byte, hasStamp bool) Digest {
	// Fixed lengths keep the parts apart: purpose is padded to 7 bytes, and the
	// whole is 55 bytes, the most that one SHA-256 block takes.
	const n = 7
	var block [n + 16 + Size]byte
	if len(p) > n {
		panic("secret: purpose longer than 7 bytes: " + string(p))
	}
	copy(block[:n], p)
	copy(block[n:n+16], instance[:])
	copy(block[n+16:], b[stampSize:])
	d := sha256.Sum256(block[:])
	if hasStamp {
		copy(d[:], b[:stampSize])
	}
	return d
}

// Digest is the SHA-256 of a Token's purpose, instance and secret. The stamp, if
// there is one, has the place of its first bytes.
type Digest [sha256.Size]byte

// Equal compares in constant time.
func (d Digest) Equal(other Digest) bool { return subtle.ConstantTimeCompare(d[:], other[:]) == 1 }

// IsZero reports whether d is the digest of nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// String prints a redaction: a digest of a secret is not for logs either.
func (d Digest) String() string { return Redacted }

// Code mints a decimal code of n digits (1 to 18), uniformly distributed.
func Code(n int) Text {
	limit := uint64(1)
	for range n {
		limit *= 10
	}
	return NewText(fmt.Sprintf("%0*d", n, below(limit)))
}

// below returns a uniform number in [0, n), by Lemire's method.
func below(n uint64) uint64 {
	var b [8]byte
	for {
		Fill(b[:])
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b[:]), n)
		if lo >= n || lo >= -n%n {
			return hi
		}
	}
}

// Words mints a code of letters that are hard to confuse, in groups of four
// joined by hyphens, 5 bits a character: H4TW-9QKM is Words(2).
func Words(groups int) Text {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	raw := make([]byte, groups*4)
	Fill(raw)
	out := make([]byte, 0, groups*5)
	for i, b := range raw {
		if i > 0 && i%4 == 0 {
			out = append(out, '-')
		}
		out = append(out, letters[b&31])
	}
	return NewText(string(out))
}

// Text is a secret somebody typed or chose. The zero Text is empty.
type Text struct{ v *string }

// NewText wraps s.
func NewText(s string) Text { return Text{&s} }

// Reveal returns the wrapped text.
func (t Text) Reveal() string {
	if t.v == nil {
		return ""
	}
	return *t.v
}

// IsZero reports whether t is empty.
func (t Text) IsZero() bool { return t.v == nil || *t.v == "" }

func (Token) String() string                { return Redacted }
func (Token) GoString() string              { return Redacted }
func (Token) MarshalJSON() ([]byte, error)  { return []byte(`"` + Redacted + `"`), nil }
func (Token) LogValue() slog.Value          { return slog.StringValue(Redacted) }
func (Token) Format(s fmt.State, _ rune)    { _, _ = s.Write([]byte(Redacted)) }
func (Text) String() string                 { return Redacted }
func (Text) GoString() string               { return Redacted }
func (Text) MarshalJSON() ([]byte, error)   { return []byte(`"` + Redacted + `"`), nil }
func (Text) LogValue() slog.Value           { return slog.StringValue(Redacted) }
func (Text) Format(s fmt.State, _ rune)     { _, _ = s.Write([]byte(Redacted)) }
func (Digest) GoString() string             { return Redacted }
func (Digest) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }
func (Digest) LogValue() slog.Value         { return slog.StringValue(Redacted) }
func (Digest) Format(s fmt.State, _ rune)   { _, _ = s.Write([]byte(Redacted)) }

// UnmarshalText lets a request body carry a Text.
func (t *Text) UnmarshalText(b []byte) error {
	*t = NewText(string(b))
	return nil
}
