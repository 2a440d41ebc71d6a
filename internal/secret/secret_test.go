package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
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

// SE-2: one secret has one spelling; everything else is no secret.
func FuzzParse(f *testing.F) {
	f.Add(New("session").Reveal())
	f.Add("")
	f.Add(strings.Repeat("_", EncodedLen))
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
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token, "text", text, "digest", digest, "all", holder)
	said := log.String() + string(asJSON)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		said += fmt.Sprintf(verb+verb+verb+verb, token, text, digest, holder)
	}
	for _, secret := range []string{canary, token.Reveal(), fmt.Sprintf("%x", [32]byte(digest)), fmt.Sprintf("%x", canary)} {
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
