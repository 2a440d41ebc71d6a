package totp_test

import (
	"bytes"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// sealer binds what it seals, without hiding it.
type sealer struct{}

var errBound = errors.New("bound to something else")

func (sealer) Seal(purpose string, aad, plain []byte) []byte {
	return bytes.Join([][]byte{[]byte(purpose), aad, plain}, []byte("|"))
}

func (sealer) Open(purpose string, aad, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, append(append([]byte(purpose+"|"), aad...), '|'))
	if !ok {
		return nil, errBound
	}
	return plain, nil
}

// PW-40: the secret opens for its own device and owner only.
func TestSecretIsBound(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	d, key := totp.New(sealer{}, user.NewID(now), "Phone", now)
	raw, err := totp.Decode(key)
	if err != nil || len(raw) != totp.SecretSize {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	code := secret.NewText(totp.CodeAt(raw, now))
	if _, ok, err := d.Match(sealer{}, code, now); !ok || err != nil {
		t.Fatalf("right code: %v %v", ok, err)
	}
	d.LastStep = totp.StepAt(now)
	if _, ok, _ := d.Match(sealer{}, code, now); ok {
		t.Error("a step was taken twice")
	}
	d.User = user.NewID(now)
	if _, _, err := d.Match(sealer{}, code, now); !errors.Is(err, errBound) {
		t.Errorf("another's secret opened: %v", err)
	}
}

func TestURI(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(totp.URI("Acme: Mail & Co", "ada+1@example.test", secret.NewText("ABCDEFGH")))
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Acme  Mail & Co:ada+1@example.test" {
		t.Errorf("%s", u)
	}
	if q := u.Query(); q.Get("secret") != "ABCDEFGH" || q.Get("issuer") != "Acme: Mail & Co" || q.Get("digits") != "6" || q.Get("period") != "30" {
		t.Errorf("%v", q)
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "App", " \t\n": "App", " My  phone ": "My phone", "a\x00b": "a b"} {
		if got := totp.CleanName(in, "App"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
