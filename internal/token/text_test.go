package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/secret"
)

// key is a keyring of one key.
type key string

func (k key) MAC(purpose string, parts ...[]byte) [32]byte {
	h := hmac.New(sha256.New, []byte(k))
	h.Write([]byte(purpose))
	for _, p := range parts {
		h.Write([]byte{byte(len(p))})
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// TH-7 OA-40: family, generation and secret are read back, by this instance only.
func TestRefreshTokenText(t *testing.T) {
	family := NewID()
	minted := newRefreshToken(key("k"), family, 7)
	text := minted.text.Reveal()
	if !strings.HasPrefix(text, "mrt_rt_") || newRefreshToken(key("k"), family, 7).text.Reveal() == text {
		t.Fatalf("%d characters, or the same twice", len(text))
	}
	read, ok := parseRefreshToken(key("k"), text)
	if !ok || read.family != family || read.generation != 7 || read.secret != minted.secret || read.text.Reveal() != text {
		t.Fatalf("not read back")
	}
	if _, ok := parseRefreshToken(key("another"), text); ok {
		t.Error("another keyring takes it")
	}
	for at := range refreshSize {
		body := minted.text.Body()
		body[at] ^= 1
		if _, ok := parseRefreshToken(key("k"), secret.CredentialOf(secret.RefreshToken, body).Reveal()); ok {
			t.Errorf("byte %d may be changed", at)
		}
	}
	for name, bad := range map[string]string{
		"none": "", "cut": text[:len(text)-1], "upper case": strings.ToUpper(text), "opaque": secret.NewCredential(secret.OpaqueAccessToken).Reveal(),
		"of another size": secret.NewCredential(secret.RefreshToken).Reveal(),
		"generation 0":    refreshTokenOf(key("k"), family, 0, minted.secret).text.Reveal(),
		"the last":        refreshTokenOf(key("k"), family, 1<<63-1, minted.secret).text.Reveal(),
		"below zero":      refreshTokenOf(key("k"), family, -1, minted.secret).text.Reveal(),
	} {
		if _, ok := parseRefreshToken(key("k"), bad); ok {
			t.Errorf("%s is taken", name)
		}
	}
}

// TH-7: whatever is taken was minted here, and has one spelling.
func FuzzParseRefreshToken(f *testing.F) {
	f.Add(newRefreshToken(key("k"), NewID(), 1).text.Reveal())
	f.Add(secret.NewCredential(secret.RefreshToken).Reveal())
	f.Fuzz(func(t *testing.T, text string) {
		read, ok := parseRefreshToken(key("k"), text)
		if ok && refreshTokenOf(key("k"), read.family, read.generation, read.secret).text.Reveal() != text {
			t.Fatalf("%q has another spelling", text)
		}
	})
}

// TH-6: only the presented parent and the keyring together open the successor.
func TestSuccessor(t *testing.T) {
	k := key("k")
	parent := newRefreshToken(k, NewID(), 7)
	successor := newRefreshToken(k, parent.family, 8)
	sealed := parent.seal(k, successor.secret)
	again, ok := parent.open(k, sealed)
	if !ok || again.text.Reveal() != successor.text.Reveal() {
		t.Fatal("not the same bytes again")
	}
	if string(parent.seal(k, successor.secret)) == string(sealed) {
		t.Error("a nonce came twice")
	}
	dump, other := parent, newRefreshToken(k, NewID(), 7)
	dump.secret = parent.text.Digest([16]byte{}) // what lies in the store of it
	for name, wrong := range map[string]refreshToken{
		"its digest": dump, "another family's": other, "another generation's": {family: parent.family, generation: 8, secret: parent.secret},
		"the successor": successor,
	} {
		if _, ok := wrong.open(k, sealed); ok {
			t.Errorf("%s opens it", name)
		}
	}
	if _, ok := parent.open(key("another"), sealed); ok {
		t.Error("another keyring opens it")
	}
	for _, bad := range [][]byte{nil, sealed[:len(sealed)-1], append([]byte{0}, sealed...), make([]byte, len(sealed))} {
		if _, ok := parent.open(k, bad); ok {
			t.Errorf("%d bytes open", len(bad))
		}
	}
}
