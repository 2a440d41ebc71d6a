package keyring_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/keyring"
)

func TestParseMaster(t *testing.T) {
	raw := []byte("\xfb\xff\xfe01234567890123456789012345678")
	want, err := keyring.ParseMaster(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		base64.RawStdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw),
		base64.RawURLEncoding.EncodeToString(raw), " " + want.Reveal() + "\n",
	} {
		got, err := keyring.ParseMaster(text)
		if err != nil || got.ID() != want.ID() {
			t.Errorf("ParseMaster(%q) = %v, %v", text, got, err)
		}
	}
	for name, text := range map[string]string{
		"empty":    "",
		"passport": "correct horse battery staple",
		"short":    base64.StdEncoding.EncodeToString(raw[:31]),
		"long":     base64.StdEncoding.EncodeToString(append(raw, 1)),
		"hex":      strings.Repeat("0f", 32),
		"zero":     base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"broken":   want.Reveal()[:20] + "\n" + want.Reveal()[20:],
	} {
		_, err := keyring.ParseMaster(text)
		if !errors.Is(err, keyring.ErrMalformedKey) {
			t.Errorf("%s: %v", name, err)
		} else if len(text) > 8 && strings.Contains(err.Error(), text[:8]) {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
	}
}

func TestParseMasters(t *testing.T) {
	a, b := keyring.NewMaster(), keyring.NewMaster()
	ms, err := keyring.ParseMasters(a.Reveal() + ",\n" + b.Reveal() + "\n")
	if err != nil || ms.Current.ID() != a.ID() || len(ms.Older) != 1 || ms.Older[0].ID() != b.ID() {
		t.Fatalf("%v, %v", ms, err)
	}
	for _, bad := range []string{"", " , ", a.Reveal() + " x"} {
		if _, err := keyring.ParseMasters(bad); !errors.Is(err, keyring.ErrMalformedKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseMaster(f *testing.F) {
	f.Add(keyring.NewMaster().Reveal())
	f.Add("====")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := keyring.ParseMaster(text)
		if err != nil {
			return
		}
		again, err := keyring.ParseMaster(m.Reveal())
		if err != nil || again.ID() != m.ID() {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
