package passkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// hand makes a key in COSE, and signs.
type hand struct {
	cose any
	sign func(message []byte) ([]byte, error)
}

func hands(t *testing.T) map[string]hand {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, private, err1 := ed25519.GenerateKey(rand.Reader)
	rs, err2 := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil || err1 != nil || err2 != nil {
		t.Fatal(err, err1, err2)
	}
	point, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	hashed := func(message []byte) []byte { sum := sha256.Sum256(message); return sum[:] }
	return map[string]hand{
		"ES256": {map[int]any{1: 2, 3: ES256, -1: 1, -2: point[1:33], -3: point[33:]}, func(m []byte) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, ec, hashed(m)) }},
		"EdDSA": {map[int]any{1: 1, 3: EdDSA, -1: 6, -2: []byte(public)}, func(m []byte) ([]byte, error) { return ed25519.Sign(private, m), nil }},
		"RS256": {map[int]any{1: 3, 3: RS256, -1: rs.N.Bytes(), -2: []byte{1, 0, 1}}, func(m []byte) ([]byte, error) { return rsa.SignPKCS1v15(rand.Reader, rs, crypto.SHA256, hashed(m)) }},
	}
}

// PW-68: what we call a signature is what the library calls one, also when it is
// written another way.
func TestSignatures(t *testing.T) {
	t.Parallel()
	message := []byte("authenticator data and a digest")
	for name, s := range hands(t) {
		cose, err := webauthncbor.Marshal(s.cose)
		if err != nil {
			t.Fatal(err)
		}
		key, err := readKey(cose)
		theirs, err1 := webauthncose.ParsePublicKey(cose)
		good, err2 := s.sign(message)
		if err != nil || err1 != nil || err2 != nil {
			t.Fatal(name, err, err1, err2)
		}
		last := slices.Clone(good)
		last[len(last)-1] ^= 1
		for what, sig := range map[string][]byte{
			"good": good, "changed": last, "longer": append(slices.Clone(good), 0), "shorter": good[:len(good)-1], "none": nil, "zeros": make([]byte, len(good)),
			"long form":      append([]byte{0x30, 0x81, byte(len(good) - 2)}, good[2:]...),
			"padded integer": padded(good),
		} {
			want, _ := webauthncose.VerifySignature(theirs, message, sig)
			if got := key.signed(message, sig); got != want || want != (what == "good") {
				t.Errorf("%s, %s: %v, by the library %v", name, what, got, want)
			}
		}
		if key.signed(message[1:], good) {
			t.Errorf("%s: of another message", name)
		}
	}
	if (publicKey{}).signed(message, nil) {
		t.Error("no key signs something")
	}
}

// padded has a zero more in its first integer than it needs, if it is an ECDSA signature.
func padded(sig []byte) []byte {
	if len(sig) < 8 || sig[0] != 0x30 {
		return sig[:1]
	}
	out := append([]byte{0x30, sig[1] + 1, 2, sig[3] + 1, 0}, sig[4:]...)
	return out
}

// PW-65: of a key that was changed in the store nothing is made that signs.
func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for name, cose := range map[string]any{
		"off the curve": map[int]any{1: 2, 3: ES256, -1: 1, -2: make([]byte, 32), -3: make([]byte, 32)},
		"P-384":         map[int]any{1: 2, 3: -35, -1: 2, -2: make([]byte, 48), -3: make([]byte, 48)},
		"short":         map[int]any{1: 1, 3: EdDSA, -1: 6, -2: make([]byte, 31)},
		"a word":        "key",
	} {
		raw, err := webauthncbor.Marshal(cose)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readKey(raw); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
