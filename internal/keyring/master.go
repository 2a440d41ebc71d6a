package keyring

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/mortise-auth/mortise/internal/secret"
)

// KeySize is the length of master and data keys in bytes.
const KeySize = 32

// Wrapper protects data keys. Master is one; a key management service may be
// another. Implementations are safe for concurrent use.
type Wrapper interface {
	// ID is a stable name that reveals nothing about the key. It is stored in clear.
	ID() string
	// Wrap encrypts and authenticates at most 256 bytes.
	Wrap(ctx context.Context, plaintext []byte) ([]byte, error)
	// Unwrap undoes Wrap, and fails for anything Wrap did not produce.
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// Masters are the keys that may open data keys. Current wraps new ones.
type Masters struct {
	Current Wrapper
	Older   []Wrapper
	// Named finds a wrapper that is in neither, such as a former key of a key
	// management service; nil: there is none.
	Named func(id string) (Wrapper, bool)
}

func (m Masters) find(id string) (Wrapper, bool) {
	for _, w := range append([]Wrapper{m.Current}, m.Older...) {
		if w.ID() == id {
			return w, true
		}
	}
	if m.Named != nil {
		return m.Named(id)
	}
	return nil, false
}

func (m Masters) names() string {
	names := []string{m.Current.ID()}
	for _, w := range m.Older {
		names = append(names, w.ID())
	}
	return strings.Join(names, ", ")
}

// Master is a 256-bit master key held in memory. It prints as [redacted].
type Master struct{ v *master }

type master struct {
	key  [KeySize]byte
	aead cipher.AEAD
}

// NewMaster makes a random key.
func NewMaster() Master {
	var key [KeySize]byte
	secret.Fill(key[:])
	return newMaster(key)
}

func newMaster(key [KeySize]byte) Master {
	return Master{&master{key: key, aead: newAEAD(key[:])}}
}

// ParseMaster reads base64 of 32 bytes, in the standard or URL alphabet, with
// or without padding; space around it is ignored. Anything else is
// ErrMalformedKey. The error never contains the text.
func ParseMaster(text string) (Master, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Master{}, ErrMalformedKey.Becausef("it is empty")
	}
	std := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	raw, err := base64.RawStdEncoding.Strict().DecodeString(std)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return Master{}, ErrMalformedKey.Becausef("it is not base64 (%d characters)", len(text))
	}
	if len(raw) != KeySize {
		return Master{}, ErrMalformedKey.Becausef("it holds %d bytes instead of %d", len(raw), KeySize)
	}
	key := [KeySize]byte(raw)
	if key == [KeySize]byte{} {
		return Master{}, ErrMalformedKey.Becausef("all its bytes are zero")
	}
	return newMaster(key), nil
}

// ParseMasters reads one or more keys separated by commas or white space: the
// first is current, the rest only open what they once sealed. Listing the old
// key after the new one is how a master key is changed.
func ParseMasters(text string) (Masters, error) {
	var ms Masters
	for i, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		m, err := ParseMaster(part)
		if err != nil {
			return Masters{}, fmt.Errorf("key %d: %w", i+1, err)
		}
		if i == 0 {
			ms.Current = m
			continue
		}
		ms.Older = append(ms.Older, m)
	}
	if ms.Current == nil {
		return Masters{}, ErrMalformedKey.Becausef("it is empty")
	}
	return ms, nil
}

// Reveal returns the key for its owner to keep: 44 characters of base64.
func (m Master) Reveal() string { return base64.StdEncoding.EncodeToString(m.v.key[:]) }

// ID is 8 hexadecimal digits of the SHA-256 of the key.
func (m Master) ID() string {
	sum := sha256.Sum256(m.v.key[:])
	return hex.EncodeToString(sum[:4])
}

const masterVersion = 1

// Wrap never fails. The result is a version byte, a nonce and the ciphertext.
func (m Master) Wrap(_ context.Context, plaintext []byte) ([]byte, error) {
	header := []byte{masterVersion}
	return seal(m.v.aead, header, header, plaintext), nil
}

// Unwrap returns ErrUnreadable for anything not wrapped by this key.
func (m Master) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 1 || wrapped[0] != masterVersion {
		return nil, ErrUnreadable
	}
	return open(m.v.aead, wrapped[:1], wrapped[1:])
}

func (Master) String() string               { return secret.Redacted }
func (Master) GoString() string             { return secret.Redacted }
func (Master) MarshalJSON() ([]byte, error) { return []byte(`"` + secret.Redacted + `"`), nil }
func (Master) LogValue() slog.Value         { return slog.StringValue(secret.Redacted) }
func (Master) Format(s fmt.State, _ rune)   { _, _ = s.Write([]byte(secret.Redacted)) }

// newAEAD is for keys of KeySize only, for which NewX cannot fail.
func newAEAD(key []byte) cipher.AEAD {
	a, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic("keyring: " + err.Error())
	}
	return a
}

// seal returns header, a random nonce and the ciphertext of plaintext.
func seal(a cipher.AEAD, header, aad, plaintext []byte) []byte {
	n := len(header) + a.NonceSize()
	out := make([]byte, n, n+len(plaintext)+a.Overhead())
	copy(out, header)
	nonce := out[len(header):]
	secret.Fill(nonce)
	return a.Seal(out, nonce, plaintext, aad)
}

// open reads a nonce and a ciphertext.
func open(a cipher.AEAD, aad, body []byte) ([]byte, error) {
	if len(body) < a.NonceSize()+a.Overhead() {
		return nil, ErrUnreadable
	}
	plain, err := a.Open(nil, body[:a.NonceSize()], body[a.NonceSize():], aad)
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}
