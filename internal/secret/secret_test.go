package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// SE-1: 256 bits that differ each time, and a digest that depends on purpose,
// instance and every bit.
func TestToken(t *testing.T) {
	a, b := New("session"), New("session")
	if a.Reveal() == b.Reveal() || len(a.Reveal()) != EncodedLen || 8*Size != 256 {
		t.Fatalf("%d characters, or the same twice", len(a.Reveal()))
	}
	here, there := [16]byte{1}, [16]byte{2}
	read, err := Parse("session", a.Reveal())
	if err != nil || read.Digest(here) != a.Digest(here) {
		t.Fatalf("what is revealed is not read back: %v", err)
	}
	d, ok := DigestOf("session", here, a.Reveal())
	if !ok || d != a.Digest(here) {
		t.Error("DigestOf differs from Digest")
	}
	other, err := Parse("setup", a.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	for name, differs := range map[string]Digest{"instance": a.Digest(there), "purpose": other.Digest(here), "secret": b.Digest(here)} {
		if differs.Equal(d) {
			t.Errorf("another %s has the same digest", name)
		}
	}
}

// SE-1: a stamp takes nothing from the 256 bits: it orders digests, and neither
// it nor the secret alone finds the digest.
func TestStamp(t *testing.T) {
	here, now := [16]byte{1}, time.Unix(1_700_000_000, 0)
	a, b, later := NewAt("session", now), NewAt("session", now), NewAt("session", now.Add(time.Second))
	if bytes.Equal(a.v.bytes[stampSize:], b.v.bytes[stampSize:]) || len(a.Reveal()) != StampedLen {
		t.Fatalf("%d characters, or the same twice", len(a.Reveal()))
	}
	first, second, third := a.Digest(here), b.Digest(here), later.Digest(here)
	if first == second || !bytes.Equal(first[:stampSize], second[:stampSize]) || bytes.Compare(first[:], third[:]) >= 0 {
		t.Error("digests are not ordered by their stamps")
	}
	read, err := Parse("session", a.Reveal())
	if err != nil || read.Reveal() != a.Reveal() || read.Digest(here) != first {
		t.Fatalf("what is revealed is not read back: %v", err)
	}
	if d, ok := DigestOf("session", here, a.Reveal()); !ok || d != first {
		t.Error("DigestOf differs from Digest")
	}
	bare := base64.RawURLEncoding.EncodeToString(a.v.bytes[stampSize:])
	if d, ok := DigestOf("session", here, bare); !ok || d == first {
		t.Error("the secret without its stamp has the same digest")
	}
	other := *a.v
	other.bytes[0]++
	if (Token{&other}).Digest(here) == first {
		t.Error("the secret with another stamp has the same digest")
	}
}

// SE-2: one secret has one spelling; everything else is no secret.
func FuzzParse(f *testing.F) {
	f.Add(New("session").Reveal())
	f.Add("")
	f.Add(NewAt("session", time.Unix(1_700_000_000, 0)).Reveal())
	f.Add(strings.Repeat("_", EncodedLen))
	f.Add(strings.Repeat("A", EncodedLen-1) + "\n")
	f.Add(strings.Repeat("A", EncodedLen-1) + "=")
	f.Fuzz(func(t *testing.T, s string) {
		token, err := Parse("session", s)
		if _, ok := DigestOf("session", [16]byte{}, s); ok != (err == nil) {
			t.Fatal("Parse and DigestOf disagree")
		}
		if err == nil && token.Reveal() != s {
			t.Fatalf("%q has another spelling", s)
		}
	})
}

// AU-31: however a secret is printed, it prints as a redaction.
func TestSecretsDoNotPrint(t *testing.T) {
	const canary = "canary"
	token, text := New("session"), NewText(canary)
	digest := token.Digest([16]byte{})
	holder := struct {
		T Token
		X Text
		D Digest
	}{token, text, digest}
	hidden := struct {
		t Token
		x Text
	}{token, text}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token, "text", text, "digest", digest, "all", holder)
	said := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		said += fmt.Sprintf(verb+verb+verb+verb+verb+verb, token, text, digest, holder, hidden, &hidden)
	}
	raw := token.v.bytes[stampSize:]
	listed := strings.Trim(fmt.Sprintf("%d", raw), "[]") // as %v and %s show an array
	for _, secret := range []string{canary, token.Reveal(), listed, fmt.Sprintf("%x", raw), fmt.Sprintf("%x", [32]byte(digest)), fmt.Sprintf("%x", canary)} {
		if strings.Contains(said, secret) {
			t.Errorf("printed: %s", said)
		}
	}
}

// Codes have their length, and words only letters that are hard to confuse.
func TestCodes(t *testing.T) {
	for range 1000 {
		if c := Code(8).Reveal(); len(c) != 8 || strings.Trim(c, "0123456789") != "" {
			t.Fatalf("code %q", c)
		}
		if w := Words(2).Reveal(); len(w) != 9 || w[4] != '-' || strings.ContainsAny(w, "01IO") {
			t.Fatalf("words %q", w)
		}
	}
}
