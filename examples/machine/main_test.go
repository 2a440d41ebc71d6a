package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

// OA-32
func TestJourney(t *testing.T) {
	dir := t.TempDir()
	private, public := filepath.Join(dir, "nightly.pem"), filepath.Join(dir, "nightly.jwks.json")
	if err := newKey(private, public); err != nil {
		t.Fatal(err)
	}
	issuer := walk.Mortise(t, "apply.yaml", "nightly.jwks.json", public)
	var out bytes.Buffer
	if err := run(t.Context(), issuer, private, &out); err != nil {
		t.Fatal(err)
	}
	const want = "with a secret: a Bearer token for notes:read\nwith a key: a Bearer token for notes:read\n"
	if out.String() != want {
		t.Errorf("it says %q, want %q", out.String(), want)
	}
	// A key that the client is not registered with is worth nothing.
	if err := newKey(private, filepath.Join(dir, "other.json")); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), issuer, private, &out); err == nil {
		t.Error("another key got a token")
	}
}
