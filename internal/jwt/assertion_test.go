package jwt

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

const (
	issuer = "https://as.example"
	party  = `"iss":"web","sub":"web"`
)

func wantAssertion() ExpectAssertion {
	return ExpectAssertion{Client: "web", Issuer: issuer, Now: time.Unix(10_000, 0)}
}

// OA-32 OA-33 JW-20 JW-22 JW-24: parties, audience, times and kind, each at its edge.
func TestAssertion(t *testing.T) {
	key, keys := newKey(t, jose.ES256)
	const aud, end = `"aud":"https://as.example"`, `"jti":"x"`
	older := []string{"https://as.example/token"}
	for name, c := range map[string]struct {
		typ, claims string
		older       []string
		want        error
	}{
		"as it should be":           {TypeClient, party + `,` + aud + `,"exp":10060,` + end, nil, nil},
		"application/ before it":    {"application/" + TypeClient, party + `,` + aud + `,"exp":10060,` + end, nil, nil},
		"of an older library":       {"", party + `,` + aud + `,"exp":10060,` + end, nil, nil},
		"an access token":           {TypeAccess, party + `,` + aud + `,"exp":10060,` + end, nil, jose.ErrType},
		"a request object":          {TypeRequest, party + `,` + aud + `,"exp":10060,` + end, nil, jose.ErrType},
		"a DPoP proof":              {TypeDPoP, party + `,` + aud + `,"exp":10060,` + end, nil, jose.ErrType},
		"another issuer":            {"", `"iss":"app","sub":"web",` + aud + `,"exp":10060,` + end, nil, ErrIssuer},
		"another subject":           {"", `"iss":"web","sub":"app",` + aud + `,"exp":10060,` + end, nil, ErrIssuer},
		"no subject":                {"", `"iss":"web",` + aud + `,"exp":10060,` + end, nil, ErrIssuer},
		"no audience":               {"", party + `,"exp":10060,` + end, nil, ErrAudience},
		"an empty audience":         {"", party + `,"aud":"","exp":10060,` + end, nil, ErrAudience},
		"a list of the issuer":      {"", party + `,"aud":["https://as.example"],"exp":10060,` + end, nil, ErrAudience},
		"the token endpoint":        {"", party + `,"aud":"https://as.example/token","exp":10060,` + end, nil, ErrAudience},
		"a slash more":              {"", party + `,"aud":"https://as.example/","exp":10060,` + end, nil, ErrAudience},
		"the token endpoint, older": {"", party + `,"aud":"https://as.example/token","exp":10060,` + end, older, nil},
		"a list, older":             {"", party + `,"aud":["https://as.example","https://as.example/token"],"exp":10060,` + end, older, nil},
		"a stranger in the list":    {"", party + `,"aud":["https://as.example","https://evil.example"],"exp":10060,` + end, older, ErrAudience},
		"an empty list, older":      {"", party + `,"aud":[],"exp":10060,` + end, older, ErrAudience},
		"no exp":                    {"", party + `,` + aud + `,` + end, nil, ErrClaims},
		"exp as a text":             {"", party + `,` + aud + `,"exp":"10060",` + end, nil, ErrClaims},
		"no jti":                    {"", party + `,` + aud + `,"exp":10060`, nil, ErrClaims},
		"jti as a number":           {"", party + `,` + aud + `,"exp":10060,"jti":1`, nil, ErrClaims},
		"a claim twice":             {"", party + `,` + aud + `,` + aud + `,"exp":10060,` + end, nil, ErrClaims},
		"exp at its last moment":    {"", party + `,` + aud + `,"exp":9991,` + end, nil, nil},
		"expired":                   {"", party + `,` + aud + `,"exp":9990,` + end, nil, ErrExpired},
		"expired five minutes ago":  {"", party + `,` + aud + `,"exp":9700,` + end, nil, ErrExpired},
		"an hour":                   {"", party + `,` + aud + `,"exp":13610,` + end, nil, nil},
		"more than an hour":         {"", party + `,` + aud + `,"exp":13611,` + end, nil, ErrFar},
		"nbf 8 s ahead":             {"", party + `,` + aud + `,"nbf":10008,"exp":10060,` + end, nil, nil},
		"nbf 10 s ahead":            {"", party + `,` + aud + `,"nbf":10010,"exp":10060,` + end, nil, nil},
		"nbf 61 s ahead":            {"", party + `,` + aud + `,"nbf":10061,"exp":10100,` + end, nil, ErrNotYet},
		"iat 61 s ahead":            {"", party + `,` + aud + `,"iat":10061,"exp":10100,` + end, nil, ErrIssuedAt},
	} {
		want := wantAssertion()
		want.Older = c.older
		a, err := VerifyAssertion(mint(t, key, cmp.Or(c.typ, "JWT"), `{`+c.claims+`}`), keys, want)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err == nil && a.ID != "x" || err != nil && a.ID != "" {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
	if a, err := VerifyAssertion(mint(t, key, "JWT", `{`+party+`,`+aud+`,"exp":10060,`+end+`}`), keys, wantAssertion()); err != nil || !a.Until.Equal(time.Unix(10_070, 0)) {
		t.Errorf("to be remembered until %v (%v)", a.Until, err)
	}
	for _, want := range []ExpectAssertion{{Issuer: issuer, Now: time.Unix(1, 0)}, {Client: "web", Now: time.Unix(1, 0)}, {Client: "web", Issuer: issuer}} {
		if _, err := VerifyAssertion("", keys, want); err != ErrExpecting {
			t.Errorf("%+v: %v", want, err)
		}
	}
}

// OA-32 JW-10 JW-12: only the algorithms that are named, whatever else is in the set.
func TestAssertionAlgorithms(t *testing.T) {
	key, set := newKey(t, jose.ES256)
	text := mint(t, key, "JWT", `{`+party+`,"aud":"https://as.example","exp":10060,"jti":"x"}`)
	if _, err := VerifyAssertion(text, set.For([]string{"PS256", "EdDSA"}), wantAssertion()); !errors.Is(err, jose.ErrUnknownKey) {
		t.Errorf("another algorithm: %v", err)
	}
	if _, err := VerifyAssertion(text, set.For([]string{"PS256", "ES256"}), wantAssertion()); err != nil {
		t.Error(err)
	}
}

func TestClaimedClient(t *testing.T) {
	key, _ := newKey(t, jose.ES256)
	if got := ClaimedClient(mint(t, key, "JWT", `{"sub":"web"}`)); got != "web" {
		t.Errorf("%q", got)
	}
	for _, text := range []string{"", ".", "a.b", "..", "a.!.c", "a.e30.c", strings.Repeat("a", jose.MaxToken+1)} {
		if got := ClaimedClient(text); got != "" {
			t.Errorf("%.20q: %q", text, got)
		}
	}
}

// FuzzAssertion: whatever a client signs, an assertion that is taken says who it is
// from, for us alone. OA-32 JW-62
func FuzzAssertion(f *testing.F) {
	f.Add(`{` + party + `,"aud":"https://as.example","exp":10060,"jti":"x"}`)
	f.Add(`{` + party + `,"aud":["https://as.example"],"exp":1e4,"jti":"x","nbf":1.5}`)
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		f.Fatal(err)
	}
	keys := jose.NewKeySet(key.Public())
	f.Fuzz(func(t *testing.T, payload string) {
		text, err := key.Sign(TypeClient, []byte(payload))
		if err != nil {
			return
		}
		if a, err := VerifyAssertion(text, keys, wantAssertion()); err == nil {
			c, ok := parseAssertion(payload)
			if !ok || a.ID == "" || c.issuer != "web" || c.subject != "web" || fmt.Sprint(c.audience) != "["+issuer+"]" || ClaimedClient(text) != "web" {
				t.Fatalf("%q is taken: %+v", payload, a)
			}
		}
	})
}
