package api_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/apply/manifest"
	"github.com/mortise-auth/mortise/internal/jose"
)

// given is what the references in the pages lead to.
type given struct{ key string }

func (given) Env(string) (string, error)    { return "not-a-real-secret", nil }
func (g given) File(string) (string, error) { return g.key, nil }

var fence = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every file that the pages show is one that can be applied.
func TestConnectionPages(t *testing.T) {
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.PKCS8()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(der); err != nil {
		t.Fatal(err)
	}
	g := given{string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
	pages, err := filepath.Glob("../../../docs/connections/*.md")
	if err != nil || len(pages) != 7 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		shown := fence.FindAllStringSubmatch(string(text), -1)
		if len(shown) == 0 {
			t.Errorf("%s shows no file", page)
		}
		for _, one := range shown {
			file, err := manifest.Parse(filepath.Base(page), strings.NewReader(one[1]), g)
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			body, err := file.Body()
			if err != nil {
				t.Fatal(err)
			}
			if got := newRig(t).asHost().must(t, 200, "POST", "/apply", string(body)); got.json["failed"] != 0.0 || got.json["applied"] == 0.0 {
				t.Errorf("%s: %s", page, got.text)
			}
		}
	}
}
