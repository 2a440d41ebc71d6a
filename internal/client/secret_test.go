package client

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

type keys string

func (k keys) MAC(purpose string, parts ...[]byte) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s|%s|%q", k, purpose, parts))
}

// OA-7: long enough that it need not be hashed like a password.
func TestCheckSecret(t *testing.T) {
	made := NewSecret().Reveal()
	for text, want := range map[string]error{
		"not-a-real-secret-0123456789abcdef":     nil,
		made:                                     nil,
		strings.Repeat("0123456789abcdef", 16):   nil,
		"":                                       ErrBadSecret,
		"too-short-0123456789":                   ErrBadSecret,
		strings.Repeat("ab", 20):                 ErrBadSecret,
		"with a space 0123456789abcdefghijkl":    ErrBadSecret,
		"with-ünicode-0123456789abcdefghijkl":    ErrBadSecret,
		"with\ttab-0123456789abcdefghijklmno":    ErrBadSecret,
		strings.Repeat("0123456789abcdef", 17):   ErrBadSecret,
		made[:len(made)-1] + "~":                 ErrBadSecret,
		strings.Replace(made, "_cs_", "_rt_", 1): ErrBadSecret,
	} {
		if err := CheckSecret(secret.NewText(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if !strings.HasPrefix(made, "mrt_cs_") || made == NewSecret().Reveal() {
		t.Errorf("made %q", made)
	}
}

// OA-7: a digest depends on the key, the client and every character.
func TestDigest(t *testing.T) {
	text := secret.NewText("not-a-real-secret-0123456789abcdef")
	d := Digest(keys("k"), "web", text)
	for name, other := range map[string]secret.Digest{
		"key": Digest(keys("l"), "web", text), "client": Digest(keys("k"), "spa", text), "secret": Digest(keys("k"), "web", secret.NewText(text.Reveal()+"0")),
	} {
		if other.Equal(d) {
			t.Errorf("another %s has the same digest", name)
		}
	}
	now := time.Now()
	c := Client{Secret: Secret{Digest: d}, FormerSecret: Secret{Digest: Digest(keys("k"), "web", secret.NewText("former")), ExpiresAt: now.Add(time.Minute)}}
	if !c.Opens(d, now) || !c.Opens(c.FormerSecret.Digest, now) || c.Opens(c.FormerSecret.Digest, now.Add(time.Minute)) || c.Opens(secret.Digest{}, now) {
		t.Error("secrets open at other times than theirs")
	}
	if (Client{}).Opens(secret.Digest{}, now) {
		t.Error("a client without a secret opens for nothing")
	}
}

// AU-31
func TestClientsPrintNoSecrets(t *testing.T) {
	text := secret.NewText("not-a-real-secret-0123456789abcdef")
	c := Client{ID: "web", Secret: Secret{Digest: Digest(keys("k"), "web", text)}}
	said := fmt.Sprintf("%v %+v %#v %x", c, c, c, c.Secret.Digest)
	if strings.Contains(said, text.Reveal()) || strings.Contains(said, fmt.Sprintf("%x", [32]byte(c.Secret.Digest))) {
		t.Errorf("printed: %s", said)
	}
}
