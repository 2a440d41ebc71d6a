package passkey

import (
	"bytes"
	"crypto/elliptic"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// p256 is a COSE key over a point, with room for what is wrong.
func p256(t testing.TB, head, x, mid, y, tail string) []byte {
	return unhex(t, head+x+mid+y+tail)
}

// PW-65: a key is of an algorithm that was offered, complete, on its curve, and
// strictly encoded.
func TestKeys(t *testing.T) {
	t.Parallel()
	curve := elliptic.P256().Params()
	x, y := hex.EncodeToString(curve.Gx.Bytes()), hex.EncodeToString(curve.Gy.Bytes())
	const head, mid = "a5 01 02 03 26 20 01 21 58 20", "22 58 20"
	if _, err := keyRules(p256(t, head, x, mid, y, "")); err != nil {
		t.Fatal(err)
	}
	rsa := func(modulus []byte) []byte {
		out := unhex(t, "a4 01 03 03 39 0100 20 59")
		out = append(out, byte(len(modulus)>>8), byte(len(modulus)))
		return append(append(out, modulus...), unhex(t, "21 43 010001")...)
	}
	if _, err := keyRules(rsa(bytes.Repeat([]byte{0xc5}, 256))); err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{
		"nothing":                     nil,
		"no map":                      unhex(t, "80"),
		"cut off":                     p256(t, head, x, mid, y[:62], ""),
		"bytes after it":              p256(t, head, x, mid, y, "00"),
		"a member twice":              p256(t, strings.Replace(head, "a5 01 02", "a6 01 02 01 02", 1), x, mid, y, ""),
		"an unknown algorithm":        p256(t, strings.Replace(head, "03 26", "03 38 63", 1), x, mid, y, ""),
		"ES384":                       p256(t, strings.Replace(head, "03 26", "03 38 22", 1), x, mid, y, ""),
		"fully specified ESP256":      p256(t, strings.Replace(head, "03 26", "03 28", 1), x, mid, y, ""),
		"an algorithm of another key": p256(t, strings.Replace(head, "03 26", "03 27", 1), x, mid, y, ""),
		"another curve":               p256(t, strings.Replace(head, "20 01 21", "20 02 21", 1), x, mid, y, ""),
		"a point off the curve":       p256(t, head, x, mid, y[:62]+"00", ""),
		"the point at infinity":       p256(t, head, strings.Repeat("00", 32), mid, strings.Repeat("00", 32), ""),
		"a compressed point":          p256(t, head, x, "22 f5", "", ""),
		"a short coordinate":          p256(t, strings.Replace(head, "58 20", "58 1f", 1), x[2:], mid, y, ""),
		"RSA of 1024 bits":            rsa(bytes.Repeat([]byte{0xc5}, 128)),
		"RSA of 8192 bits":            rsa(bytes.Repeat([]byte{0xc5}, 1024)),
		"Ed25519, a short key":        unhex(t, "a4 01 01 03 27 20 06 21 41 00"),
		"X25519":                      unhex(t, "a4 01 01 03 27 20 04 21 58 20"+strings.Repeat("11", 32)),
		"deep":                        append(bytes.Repeat([]byte{0x81}, 5000), 0),
		"longer than it is":           unhex(t, "bb ffffffffffffffff"),
	} {
		if alg, err := keyRules(key); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: taken as %d, %v", name, alg, err)
		}
	}
}

// PW-65 PW-66: a statement that is not what it says, or longer than any.
func TestAttestationObjects(t *testing.T) {
	t.Parallel()
	v := firstVector(t)
	good := unhex(t, v.Attestation)
	id := bytes.Index(good, unhex(t, v.ID))
	for name, bad := range map[string][]byte{
		"bytes after it":              append(slices.Clone(good), 0),
		"cut off":                     good[:len(good)-1],
		"a member twice":              append(append([]byte{0xa4}, unhex(t, "63666d74646e6f6e65")...), good[1:]...),
		"an unknown format":           bytes.Replace(good, []byte("dnone"), []byte("dnine"), 1),
		"none with a statement":       bytes.Replace(good, unhex(t, "6761747453746d74a0"), unhex(t, "6761747453746d74a1617801"), 1),
		"no credential":               patched(good, id-18-5, good[id-18-5]&^0x40),
		"an id longer than it is":     patched(good, id-2, 0xff, 0xff),
		"extensions that are not":     patched(good, id-18-5, good[id-18-5]|0x80),
		"backed up, and may not be":   patched(good, id-18-5, good[id-18-5]&^0x08|0x10),
		"a key of another algorithm":  bytes.Replace(good, unhex(t, "a501020326"), unhex(t, "a501020327"), 1),
		"as long as nobody sends one": append(slices.Clone(good), make([]byte, 40<<10)...),
	} {
		v := v
		v.Attestation = hex.EncodeToString(bad)
		in, err := readCreation(v.creation(t))
		if err == nil {
			_, err = in.verify(Site{ID: "example.org", Origins: []string{"https://example.org"}}, Policy{}, time.Now(), true)
		}
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func patched(b []byte, at int, with ...byte) []byte {
	b = slices.Clone(b)
	copy(b[at:], with)
	return b
}

func firstVector(t testing.TB) vector {
	t.Helper()
	return specificationOf(t).Vectors[0]
}

// PW-65: whatever claims to be a key, nothing panics, and what is taken is of an
// algorithm that was offered.
func FuzzKeys(f *testing.F) {
	f.Add(nobody().PublicKey)
	f.Add([]byte{0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x41, 0})
	f.Fuzz(func(t *testing.T, key []byte) {
		if alg, err := keyRules(key); err == nil && !slices.Contains(algorithms, alg) {
			t.Errorf("taken as %d", alg)
		}
	})
}

// PW-65: the same for statements.
func FuzzAttestations(f *testing.F) {
	v := firstVector(f)
	f.Add(unhex(f, v.Attestation))
	f.Fuzz(func(t *testing.T, object []byte) {
		v := v
		v.Attestation = hex.EncodeToString(object)
		in, err := readCreation(v.creation(t))
		if err != nil {
			return
		}
		k, err := in.verify(Site{ID: "example.org", Origins: []string{"https://example.org"}}, Policy{}, time.Now(), true)
		if err == nil && (len(k.Credential) == 0 || len(k.Credential) > maxCredential || !slices.Contains(algorithms, k.Algorithm)) {
			t.Errorf("taken: %+v", k)
		}
	})
}
