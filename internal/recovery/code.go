package recovery

import (
	"strings"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	// Count is how many codes a set has.
	Count = 10
	// Symbols of a code: 80 bits.
	Symbols = 16
	group   = 4
	// alphabet is Crockford's base 32: no I, L, O, U.
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// Digest is what is kept of a code.
type Digest [32]byte

// Keys make keyed hashes; see keyring.Keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// New makes a set of codes as they are shown, and what is kept of them.
func New(keys Keys, owner user.ID) ([]secret.Text, []Digest) {
	codes, kept := make([]secret.Text, Count), make([]Digest, Count)
	for i := range codes {
		codes[i] = one()
		kept[i], _ = DigestOf(keys, owner, codes[i])
	}
	return codes, kept
}

// one is a code like 7K3M-9QWX-1ZB4-T8VD.
func one() secret.Text {
	var random [Symbols]byte
	secret.Fill(random[:])
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%group == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[r%byte(len(alphabet))]) // 32 divides 256
	}
	return secret.NewText(b.String())
}

// DigestOf is what a typed code is looked up by; false when it cannot be a code.
func DigestOf(keys Keys, owner user.ID, typed secret.Text) (Digest, bool) {
	code, ok := parse(typed.Reveal())
	if !ok {
		return Digest{}, false
	}
	return keys.MAC("recovery", owner[:], []byte(code)), true
}

// Looks reports whether what was typed has the form of a recovery code.
func Looks(typed string) bool {
	_, ok := parse(typed)
	return ok
}

// parse understands small letters, spaces, hyphens, full-width forms, and the
// letters that stand for digits.
func parse(typed string) (string, bool) {
	if len(typed) > 8*Symbols {
		return "", false
	}
	out := make([]byte, 0, Symbols)
	for _, r := range typed {
		if '！' <= r && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case r == ' ', r == '-', r == '\t', r == '\u00a0', r == '\u2010', r == '\u2011', r == '\u3000':
			continue
		case 'a' <= r && r <= 'z':
			r -= 'a' - 'A'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r > 'Z' || !strings.ContainsRune(alphabet, r) {
			return "", false
		}
		out = append(out, byte(r))
	}
	return string(out), len(out) == Symbols
}
