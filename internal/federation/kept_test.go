package federation_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/secret"
)

// What has to be sealed comes back whole, and prints as a redaction on the way. AU-31
func TestSealable(t *testing.T) {
	age := 90 * time.Second
	k := federation.Kept{Issuer: "https://a.example", Nonce: "n", Verifier: secret.NewText("geheim-1"), Callback: "https://b.example/cb", MaxAge: &age}
	read, err := federation.ReadKept(k.Reveal())
	if err != nil || read.Verifier.Reveal() != "geheim-1" || *read.MaxAge != age || read.Issuer != k.Issuer || read.Nonce != k.Nonce || read.Callback != k.Callback {
		t.Errorf("%+v, %v", read, err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	s := federation.Tokens{Access: secret.NewText("geheim-2"), Refresh: secret.NewText("geheim-3"), ID: secret.NewText("geheim-4"), Scope: "a b", ExpiresAt: at}
	back, err := federation.ReadTokens(s.Reveal())
	if err != nil || back.Access.Reveal() != "geheim-2" || back.Refresh.Reveal() != "geheim-3" || back.ID.Reveal() != "geheim-4" || back.Scope != "a b" || !back.ExpiresAt.Equal(at) {
		t.Errorf("%+v, %v", back, err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "kept", k, "tokens", s, "both", struct {
		K federation.Kept
		T *federation.Tokens
	}{k, &s})
	said, _ := json.Marshal([]any{k, s})
	if text := log.String() + string(said) + fmt.Sprintf("%v %+v %#v", k, k, k) + fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(text, "geheim") {
		t.Errorf("printed: %s", text)
	}
	if _, err := federation.ReadKept([]byte("x")); !errors.Is(err, federation.ErrAttempt) {
		t.Error(err)
	}
	if _, err := federation.ReadTokens([]byte("x")); err == nil {
		t.Error("tokens of nothing")
	}
}

func pemOf(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// A secret is what the connection proves itself with.
func TestCheckSecret(t *testing.T) {
	p256, p384 := pemOf(t, elliptic.P256()), pemOf(t, elliptic.P384())
	ed, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := ed.PKCS8()
	edPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for _, c := range []struct {
		kind   federation.Kind
		method string
		text   string
		ok     bool
	}{
		{"google", "", "s3cret", true},
		{"google", "", "", false},
		{"google", "", "a b", false},
		{"google", "", "a\n", false},
		{"google", "", strings.Repeat("x", 9000), false},
		{"oidc", "none", "", true},
		{"oidc", "none", "x", false},
		{"oidc", "private_key_jwt", "x", false},
		{"oidc", "private_key_jwt", p256, true},
		{"oidc", "private_key_jwt", edPEM, true},
		{"oidc", "private_key_jwt", p384, false},
		{"apple", "", p256, true},
		{"apple", "", edPEM, false},
		{"apple", "", "x", false},
	} {
		con := federation.Connection{Kind: c.kind, Settings: federation.Settings{AuthMethod: c.method}}
		if err := con.CheckSecret(secret.NewText(c.text)); (err == nil) != c.ok || err != nil && !errors.Is(err, federation.ErrInvalid) {
			t.Errorf("%s %s %.30q: %v", c.kind, c.method, c.text, err)
		}
	}
	key, err := federation.SigningKey(secret.NewText(p256), "KEY1234567")
	if err != nil || key.Public().ID() != "KEY1234567" || key.Public().Algorithm() != jose.ES256 {
		t.Errorf("%v, %v", key.Public().ID(), err)
	}
}
