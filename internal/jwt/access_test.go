package jwt

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/jose"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 500e6, time.UTC)

func full() *Access {
	return &Access{
		Issuer: "https://id.example", Subject: "usr_1", ClientID: "app", Audience: []string{"https://api.example", "b"}, ID: "j1",
		Expiry: now.Unix() + 600, IssuedAt: now.Unix(), NotBefore: now.Unix(), Session: "ses_1", Grant: "g\"\\\x01é", Scope: "a b", AuthTime: 7,
		ACR: "aal2", AMR: []string{"pwd", "otp"}, Roles: []string{"admin"}, Org: []Org{{"o1", "acme", []string{"owner"}}, {ID: "o2"}},
		UserVersion: 3, ClientVersion: 4, JKT: "t", X5T: "x", Actor: &Actor{"usr_2", 5, &Actor{Subject: "usr_3"}},
	}
}

func want() Expect {
	return Expect{Issuer: "https://id.example", Audience: "https://api.example", Now: now}
}

func mint(t testing.TB, key jose.PrivateKey, typ, payload string) string {
	t.Helper()
	text, err := key.Sign(typ, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newKey(t testing.TB, alg jose.Algorithm) (jose.PrivateKey, jose.KeySet) {
	t.Helper()
	key, err := jose.Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	return key, jose.NewKeySet(key.Public())
}

// What is minted is read back, by every algorithm. JW-30 JW-60
func TestAccessRoundTrip(t *testing.T) {
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.ES256, jose.PS256, jose.RS256} {
		key, keys := newKey(t, alg)
		for _, a := range []*Access{full(), {Issuer: "https://id.example", Subject: "s", ClientID: "c", ID: "j", Audience: []string{"https://api.example"}, Expiry: now.Unix() + 1, IssuedAt: 1}} {
			got, err := VerifyAccess(mint(t, key, TypeAccess, string(a.Append(nil))), keys, want())
			if err != nil {
				t.Fatal(alg, err)
			}
			a.KeyID = key.Public().ID()
			if diff := cmp.Diff(a, got); diff != "" {
				t.Error(alg, diff)
			}
		}
	}
}

// Checking allocates at most 20 times, whatever the signature.
func TestAllocations(t *testing.T) {
	a := full()
	a.Org, a.Actor = nil, nil
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.ES256, jose.RS256} {
		key, keys := newKey(t, alg)
		text := mint(t, key, TypeAccess, string(a.Append(nil)))
		n := testing.AllocsPerRun(20, func() {
			if _, err := VerifyAccess(text, keys, want()); err != nil {
				t.Error(err)
			}
		})
		if n > 20 {
			t.Errorf("%s: %.0f allocations", alg, n)
		}
	}
}
