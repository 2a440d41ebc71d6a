package app

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// OA-3: the demo client, on http, is there in development; a real server would
// have refused it.
func TestDemoClient(t *testing.T) {
	t.Parallel()
	dev := newRig(t, func(c *Config) { c.Dev, c.URL, c.SecretKey = true, "http://localhost:8080", "" })
	if _, err := dev.Seed(t.Context(), apply.File{}); err != nil {
		t.Fatal(err)
	}
	c, err := dev.Registry.Authenticate(t.Context(), registry.Credentials{ID: "demo-web", Method: client.AuthNone})
	if err != nil || !c.Matches("http://localhost:3000/callback") || !c.May(client.GrantRefresh) {
		t.Errorf("%+v, %v", c, err)
	}
	got, err := newRig(t).Directory.Apply(t.Context(), user.Host(), apply.File{Clients: []apply.Client{demoClient()}}, false, false)
	if err != nil || got.Failed != 1 || got.Changes[0].Error.Code != client.ErrBadRedirect.Code {
		t.Errorf("%+v, %v", got, err)
	}
}

// OA-7: whoever takes the files of the database takes no secret, and nothing to
// try guesses against: neither the text nor a digest that needs no key.
func TestSecretsAreNotInTheDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), Config{URL: "http://localhost:8080", Dev: true}, st)
	if err != nil {
		t.Fatal(err)
	}
	given := secret.NewText("not-a-real-secret-0123456789abcdef")
	_, _, err = a.Directory.CreateClient(t.Context(), user.Host(), client.Client{ID: "web", Grants: []string{client.GrantClientCredentials}}, given)
	if err != nil {
		t.Fatal(err)
	}
	_, made, err := a.Directory.RotateSecret(t.Context(), user.Host(), "web", directory.KeepSecret, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		seen = seen || bytes.Contains(data, []byte("client.secret_rotated"))
		for _, text := range []string{given.Reveal(), made.Reveal()} {
			sum := sha256.Sum256([]byte(text))
			for what, leak := range map[string][]byte{"the secret": []byte(text), "its digest": sum[:], "its digest in hex": fmt.Appendf(nil, "%x", sum)} {
				if bytes.Contains(data, leak) {
					t.Errorf("%s holds %s", name, what)
				}
			}
		}
	}
	if !seen {
		t.Error("nothing of what was done was found: this test looks in the wrong place")
	}
}
