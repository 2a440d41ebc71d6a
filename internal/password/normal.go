package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/mortise-auth/mortise/internal/secret"
)

// MaxBytes caps a password before and after normalisation (PW-2). Nothing is
// ever truncated.
const MaxBytes = 4096

// form says how typed text became the bytes that were hashed. It is recorded
// with every hash made here, so that a later form cannot lock anyone out (PW-3).
type form string

const (
	formRaw    form = ""       // as typed: what most other systems do
	formOpaque form = "opaque" // RFC 8265 OpaqueString mapping: other spaces to U+0020, then NFC
	formNFKC   form = "nfkc"   // as Better Auth does
)

func (f form) known() bool { return f == formRaw || f == formOpaque || f == formNFKC }

// apply returns the bytes to hash. It reports false for text that no password
// here can be: too long, or not UTF-8.
func (f form) apply(t secret.Text) ([]byte, bool) {
	if !possible(t) {
		return nil, false
	}
	s := t.Reveal()
	switch f {
	case formOpaque:
		s = norm.NFC.String(strings.Map(plainSpace, s))
	case formNFKC:
		s = norm.NFKC.String(s)
	}
	return []byte(s), len(s) <= MaxBytes
}

// possible reports whether t can be a password in any form.
func possible(t secret.Text) bool {
	return len(t.Reveal()) <= MaxBytes && utf8.ValidString(t.Reveal())
}

func plainSpace(r rune) rune {
	if r >= utf8.RuneSelf && unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// unprintable reports whether s has control characters. Format characters pass:
// joined emoji and several scripts need them.
func unprintable(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }
