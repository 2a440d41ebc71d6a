package secret

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strings"
)

// CredentialKind names a credential that travels outside a browser. It is part
// of the text, so that a scanner recognises a leaked one and says whose it is,
// and part of the digest, so that no kind passes for another.
type CredentialKind string

// The kinds of credential.
const (
	RefreshToken      CredentialKind = "rt"
	OpaqueAccessToken CredentialKind = "at"
	ClientSecret      CredentialKind = "cs"
	LiveKey           CredentialKind = "live"
	TestKey           CredentialKind = "test"
	PersonalToken     CredentialKind = "pat"
	InitialToken      CredentialKind = "iat" // initial access token of registration (RFC 7591)
	RegistrationToken CredentialKind = "rat" // registration access token (RFC 7592)
	DeviceCode        CredentialKind = "dc"
)

// Marks reports whether text begins as every credential of the kind does.
func (k CredentialKind) Marks(text string) bool {
	rest, marked := strings.CutPrefix(text, credentialMark)
	return marked && strings.HasPrefix(rest, string(k)+"_")
}

const (
	credentialMark = "mrt_"
	checksumLen    = 6
	// maxCredentialBody bounds what is decoded of a text nobody has vouched for.
	maxCredentialBody = 96
)

// Credential is a secret in the form mrt_KIND_BODY. The body is base62, so that
// a double click selects all of it (AK-1): eleven digits for every eight bytes.
// Its last six characters are the CRC-32 of everything before them. The checksum keeps typing errors from the store and lets a scanner tell a
// leak from noise; it vouches for nothing. Copies share the same bytes; a
// Credential is safe for concurrent use. The zero Credential is empty and has
// no digest.
type Credential struct{ v *credential }

// The body is behind a second pointer: of a value in an unexported field, %s
// prints what the first one points at.
type credential struct {
	kind CredentialKind
	body *[]byte
}

// NewCredential mints a credential of 256 random bits.
func NewCredential(kind CredentialKind) Credential {
	body := make([]byte, Size)
	Fill(body)
	return Credential{&credential{kind, &body}}
}

// CredentialOf makes a credential of body (8 to 96 bytes, a multiple of 8),
// which the caller has filled with its own layout and at least 128 random bits.
// It panics when the body has another size.
func CredentialOf(kind CredentialKind, body []byte) Credential {
	if len(body) == 0 || len(body)%block != 0 || len(body) > maxCredentialBody {
		panic(fmt.Sprintf("secret: a credential of %d bytes", len(body)))
	}
	body = bytes.Clone(body)
	return Credential{&credential{kind, &body}}
}

// ParseCredential reads a revealed credential of the kind. Prefix, alphabet,
// canonical form and checksum are checked, so one secret has exactly one
// spelling; everything else is ErrMalformed. The size of the body is left to
// the caller: see Body.
func ParseCredential(kind CredentialKind, text string) (Credential, error) {
	if len(text) > credentialLen(kind, maxCredentialBody) {
		return Credential{}, ErrMalformed
	}
	rest, marked := strings.CutPrefix(text, credentialMark)
	rest, named := strings.CutPrefix(rest, string(kind)+"_")
	if !marked || !named || len(rest) <= checksumLen {
		return Credential{}, ErrMalformed
	}
	front := text[:len(text)-checksumLen]
	if sum := checksum(front); string(sum[:]) != text[len(front):] {
		return Credential{}, ErrMalformed
	}
	body, ok := decode62(rest[:len(rest)-checksumLen])
	if !ok {
		return Credential{}, ErrMalformed
	}
	return Credential{&credential{kind, &body}}, nil
}

func credentialLen(kind CredentialKind, body int) int {
	return len(credentialMark) + len(kind) + 1 + body/block*digitsOfBlock + checksumLen
}

// checksum is the CRC-32 (IEEE) of text, the most significant digit first.
func checksum(text string) (out [checksumLen]byte) {
	put62(out[:], uint64(crc32.ChecksumIEEE([]byte(text))))
	return out
}

// Reveal returns the text to hand to its owner.
func (c Credential) Reveal() string {
	if c.v == nil {
		return ""
	}
	out := make([]byte, 0, credentialLen(c.v.kind, len(*c.v.body)))
	out = append(append(append(out, credentialMark...), c.v.kind...), '_')
	out = append62(out, *c.v.body)
	sum := checksum(string(out))
	return string(append(out, sum[:]...))
}

// Kind returns the kind, empty for the zero Credential.
func (c Credential) Kind() CredentialKind {
	if c.v == nil {
		return ""
	}
	return c.v.kind
}

// Body returns a copy of the bytes in the text, nil for the zero Credential.
func (c Credential) Body() []byte {
	if c.v == nil {
		return nil
	}
	return bytes.Clone(*c.v.body)
}

// IsZero reports whether c holds nothing.
func (c Credential) IsZero() bool { return c.v == nil }

// Digest is what may be stored of c: the SHA-256 of kind, instance and body.
func (c Credential) Digest(instance [16]byte) Digest {
	if c.v == nil {
		return Digest{}
	}
	// The kind is padded to a fixed length, which keeps the parts apart, and
	// the word before it keeps them from every Token's digest.
	const word, n = "credential", 7
	if len(c.v.kind) > n {
		panic("secret: kind longer than 7 bytes: " + string(c.v.kind))
	}
	b := make([]byte, len(word)+n+len(instance)+len(*c.v.body))
	copy(b, word)
	copy(b[len(word):], c.v.kind)
	copy(b[len(word)+n:], instance[:])
	copy(b[len(word)+n+len(instance):], *c.v.body)
	return sha256.Sum256(b)
}

func (Credential) String() string               { return Redacted }
func (Credential) GoString() string             { return Redacted }
func (Credential) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }
func (Credential) LogValue() slog.Value         { return slog.StringValue(Redacted) }
func (Credential) Format(s fmt.State, _ rune)   { _, _ = s.Write([]byte(Redacted)) }
