package jose

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"testing"
)

// remote is a key kept elsewhere, which answers as it likes.
type remote struct {
	public crypto.PublicKey
	answer func(digest []byte) ([]byte, error)
}

func (r remote) Public() crypto.PublicKey { return r.public }

func (r remote) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	return r.answer(digest)
}

// A key kept elsewhere signs like our own, gives no PKCS #8, and its failures and odd
// answers are errors, never tokens. JW-15 JW-30
func TestRemoteSigner(t *testing.T) {
	own := generate(t, ES256).k.signer
	down := errors.New("down")
	r := remote{public: own.Public(), answer: func(digest []byte) ([]byte, error) { return own.Sign(nil, digest, crypto.SHA256) }}
	key, err := NewPrivateKey(ES256, &r)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 { // R and S of every length
		text := sign(t, key, kind, []byte("{}"))
		if _, _, err := Verify(text, kind, NewKeySet(key.Public())); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := key.PKCS8(); !errors.Is(err, ErrKey) {
		t.Errorf("PKCS #8: %v", err)
	}
	one := bytes.Repeat([]byte{1}, half)
	for name, answer := range map[string][]byte{
		"nothing": nil, "fixed": bytes.Repeat([]byte{1}, 64), "no sequence": {0x31, 0}, "empty": {0x30, 0}, "cut": appendDER(nil, bytes.Repeat([]byte{1}, 64))[:20],
		"trailing": append(appendDER(nil, bytes.Repeat([]byte{1}, 64)), 0), "one integer": append([]byte{0x30, 34, 2, 32}, one...),
		"R too long": append(append([]byte{0x30, 37, 2, 34}, bytes.Repeat([]byte{1}, 34)...), 2, 0), "indefinite": {0x30, 0x80, 0, 0},
	} {
		r.answer = func([]byte) ([]byte, error) { return answer, nil }
		if text, err := key.Sign(kind, nil); !errors.Is(err, ErrKey) || text != "" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	r.answer = func([]byte) ([]byte, error) { return nil, down }
	if _, err := key.Sign(kind, nil); !errors.Is(err, down) {
		t.Errorf("down: %v", err)
	}
}

// The two forms of an ECDSA signature say the same, leading zeros and high bits
// included. JW-15
func TestForms(t *testing.T) {
	for _, first := range []byte{0, 1, 0x7f, 0x80, 0xff} {
		for _, zeros := range []int{0, 1, 31} {
			fixed := bytes.Repeat([]byte{first}, 64)
			clear(fixed[:zeros])
			fixed[31], fixed[63] = 1, 0x80
			der := appendDER(nil, fixed)
			if back, err := fixedFromDER(der); err != nil || !bytes.Equal(back, fixed) {
				t.Errorf("%x: %x, %v", fixed, back, err)
			}
		}
	}
}

// A key that somebody else knows by another name signs under that name, and is
// otherwise itself.
func TestNamedKey(t *testing.T) {
	key, err := Generate(ES256)
	if err != nil {
		t.Fatal(err)
	}
	named := key.Named("KEY\"1")
	text, err := named.Sign("JWT", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, kid, err := Verify(text, "JWT", NewKeySet(named.Public())); err != nil || kid != "KEY\"1" {
		t.Errorf("%q, %v", kid, err)
	}
	if named.Public().Thumbprint() != key.Public().Thumbprint() || key.Public().ID() == "KEY\"1" {
		t.Error("it is another key, or both were renamed")
	}
	if !(PrivateKey{}).Named("x").IsZero() || !(PublicKey{}).Named("x").IsZero() {
		t.Error("a name makes a key of none")
	}
}
