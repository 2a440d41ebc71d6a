package dpop

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// The examples of RFC 9449, 4.1 and 7.1: one key, its thumbprint, and a proof with
// the hash of an access token. OA-80 OA-82
func TestRFC9449(t *testing.T) {
	const (
		atToken = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
		atAPI   = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
		access  = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
		jkt     = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	)
	p, err := Verify([]string{atToken}, Expect{Method: "POST", URL: "https://server.example.com/token", Now: time.Unix(1562262616, 0)})
	if err != nil || p.JKT != jkt || p.ID != "-BwC3ESc6acc2lTc" {
		t.Errorf("%+v, %v", p, err)
	}
	at := Expect{Method: "GET", URL: "https://resource.example.org/protectedresource", Now: time.Unix(1562262618, 0), AccessToken: access}
	if p, err = Verify([]string{atAPI}, at); err != nil || p.JKT != jkt {
		t.Errorf("%+v, %v", p, err)
	}
	at.AccessToken += "x"
	if _, err = Verify([]string{atAPI}, at); !errors.Is(err, ErrToken) {
		t.Errorf("another token: %v", err)
	}
}

// The good proofs of the module dpop-negative-tests and of those on clocks. OA-80
func TestGoodProofs(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "PS256"} {
		p := newProver(t, alg)
		for name, change := range map[string]map[string]any{
			"as it is":               {},
			"query and fragment":     {"htu": resource + "?a=b#c"},
			"case of the host":       {"htu": "HTTPS://API.Example.COM/things/1"},
			"default port":           {"htu": "https://api.example.com:443/things/1"},
			"escaped letters":        {"htu": "https://api.example.com/thing%73/1"},
			"ten seconds before":     {"iat": now.Unix() - 10},
			"ten seconds after":      {"iat": now.Unix() + 10},
			"the last second":        {"iat": now.Unix() - 60},
			"further members":        {"sub": "someone", "aud": []string{"x"}},
			"nbf and exp":            {"nbf": now.Unix() - 5, "exp": now.Unix() + 50},
			"nbf and exp by a clock": {"nbf": now.Unix() + 10, "exp": now.Unix() - 10},
		} {
			text := p.sign(p.header(), with(claimsAt(now), change))
			got, err := Verify([]string{text}, want())
			if err != nil {
				t.Errorf("%s, %s: %v", alg, name, err)
				continue
			}
			if len(got.JKT) != 43 {
				t.Errorf("%s: thumbprint %q", alg, got.JKT)
			}
		}
	}
}

// What Web Cryptography exports as a public key is taken as it comes. OA-80
func TestExportedKey(t *testing.T) {
	p := newProver(t, "ES256")
	exported := with(p.header(), map[string]any{"jwk": with(p.jwk, map[string]any{"ext": true, "key_ops": []string{"verify"}, "kid": "x"})})
	got, err := Verify([]string{p.sign(exported, claimsAt(now))}, want())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Verify([]string{p.sign(p.header(), claimsAt(now))}, want())
	if err != nil || got.JKT != plain.JKT {
		t.Errorf("%q, %q, %v", got.JKT, plain.JKT, err)
	}
}

// The bad proofs of the module dpop-negative-tests, and more. OA-80 OA-82 JW-13
func TestBadProofs(t *testing.T) {
	p, other, rs := newProver(t, "ES256"), newProver(t, "ES256"), newProver(t, "RS256")
	ed := newProver(t, "EdDSA")
	type m = map[string]any
	header := func(c m) string { return p.sign(with(p.header(), c), claimsAt(now)) }
	claim := func(c m) string { return p.sign(p.header(), with(claimsAt(now), c)) }
	good := claim(nil)
	parts := strings.Split(good, ".")
	for _, c := range []struct {
		name string
		got  []string
		is   error
	}{
		{"none", nil, ErrNone},
		{"two headers", []string{good, good}, ErrSeveral},
		{"two in one header", []string{good + ", " + good}, ErrSignature},
		{"empty", []string{""}, jose.ErrMalformed},
		{"too large", []string{good + strings.Repeat("A", MaxProof)}, ErrTooLarge},
		{"no typ", []string{header(m{"typ": nil})}, jose.ErrType},
		{"typ JWT", []string{header(m{"typ": "JWT"})}, jose.ErrType},
		{"typ at+jwt", []string{header(m{"typ": "at+jwt"})}, jose.ErrType},
		{"no alg", []string{header(m{"alg": nil})}, jose.ErrAlgorithm},
		{"alg none", []string{header(m{"alg": "none"})}, jose.ErrAlgorithm},
		{"alg none, no signature", []string{parts[0] + "." + parts[1] + "."}, jose.ErrSignature},
		{"alg HS256", []string{header(m{"alg": "HS256"})}, jose.ErrAlgorithm},
		{"RS256", []string{rs.sign(rs.header(), claimsAt(now))}, jose.ErrAlgorithm},
		{"alg of another type of key", []string{header(m{"alg": "PS256"})}, jose.ErrKey},
		{"jwk for another algorithm", []string{header(m{"jwk": with(p.jwk, m{"alg": "ES384"})})}, jose.ErrKey},
		{"jwk for encryption", []string{header(m{"jwk": with(p.jwk, m{"use": "enc"})})}, jose.ErrKey},
		{"no jwk", []string{header(m{"jwk": nil})}, jose.ErrKey},
		{"jwk is text", []string{header(m{"jwk": "x"})}, jose.ErrMalformed},
		{"private jwk", []string{header(m{"jwk": with(p.jwk, m{"d": "AAAA"})})}, jose.ErrKey},
		{"symmetric jwk", []string{header(m{"jwk": m{"kty": "oct", "k": "AAAA"}})}, jose.ErrKey},
		{"a private Ed25519 jwk", []string{ed.sign(with(ed.header(), m{"jwk": with(ed.jwk, m{"d": "AAAA"})}), claimsAt(now))}, jose.ErrKey},
		{"signed by another key", []string{other.sign(p.header(), claimsAt(now))}, jose.ErrSignature},
		{"signature altered", []string{parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86)}, jose.ErrSignature},
		{"claims altered", []string{parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2]}, jose.ErrSignature},
		{"crit", []string{header(m{"crit": []string{"exp"}})}, jose.ErrCritical},
		{"no jti", []string{claim(m{"jti": nil})}, ErrClaims},
		{"empty jti", []string{claim(m{"jti": ""})}, ErrClaims},
		{"huge jti", []string{claim(m{"jti": strings.Repeat("x", MaxID+1)})}, ErrClaims},
		{"no htm", []string{claim(m{"htm": nil})}, ErrClaims},
		{"another htm", []string{claim(m{"htm": "POST"})}, ErrMethod},
		{"htm in small letters", []string{claim(m{"htm": "get"})}, ErrMethod},
		{"no htu", []string{claim(m{"htu": nil})}, ErrClaims},
		{"another htu", []string{claim(m{"htu": "https://api.example.com/things/2"})}, ErrURL},
		{"another case of the path", []string{claim(m{"htu": "https://api.example.com/Things/1"})}, ErrURL},
		{"another host", []string{claim(m{"htu": "https://api.example.com.evil.test/things/1"})}, ErrURL},
		{"user information", []string{claim(m{"htu": "https://api.example.com@evil.test/things/1"})}, ErrURL},
		{"another port", []string{claim(m{"htu": "https://api.example.com:80/things/1"})}, ErrURL},
		{"another scheme", []string{claim(m{"htu": "http://api.example.com/things/1"})}, ErrURL},
		{"only a path", []string{claim(m{"htu": "/things/1"})}, ErrURL},
		{"no iat", []string{claim(m{"iat": nil})}, ErrClaims},
		{"iat is text", []string{claim(m{"iat": "1"})}, ErrClaims},
		{"an hour ago", []string{claim(m{"iat": now.Unix() - 3600})}, ErrTime},
		{"in an hour", []string{claim(m{"iat": now.Unix() + 3600})}, ErrTime},
		{"61 seconds ago", []string{claim(m{"iat": now.Unix() - 61})}, ErrTime},
		{"in 61 seconds", []string{claim(m{"iat": now.Unix() + 61})}, ErrTime},
		{"expired", []string{claim(m{"exp": now.Unix() - 3600})}, ErrTime},
		{"not yet", []string{claim(m{"nbf": now.Unix() + 3600})}, ErrTime},
		{"no ath", []string{claim(m{"ath": nil})}, ErrToken},
		{"ath of another token", []string{claim(m{"ath": strings.Repeat("A", 43)})}, ErrToken},
		{"ath is the token", []string{claim(m{"ath": token})}, ErrToken},
	} {
		got, err := Verify(c.got, want())
		if !errors.Is(err, c.is) || got != (Proof{}) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

// Whatever is sent is refused or is a proof that says what was expected. OA-80
func FuzzVerify(f *testing.F) {
	p := newProver(f, "ES256")
	good := p.sign(p.header(), claimsAt(now))
	f.Add(good)
	f.Add(p.sign(with(p.header(), map[string]any{"jwk": map[string]any{"kty": "RSA"}}), claimsAt(now)))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Verify([]string{text}, want())
		if err == nil && (got.ID == "" || len(got.JKT) != 43 || !SameURL(got.URL, resource)) {
			t.Errorf("%q: %+v", text, got)
		}
	})
}

// A comparison is symmetric, and true only of two absolute addresses of one host.
func FuzzSameURL(f *testing.F) {
	f.Add("https://a.example/x%7e", "https://A.example:443/x~?q#f")
	f.Add("https://a.example", "http://a.example/")
	f.Add("https://[::1]:443/%", "https://[::1]/%25")
	f.Fuzz(func(t *testing.T, a, b string) {
		if SameURL(a, b) != SameURL(b, a) {
			t.Errorf("%q, %q", a, b)
		}
		if SameURL(a, b) && !(strings.HasPrefix(strings.ToLower(a), "http") && SameURL(a, a)) {
			t.Errorf("%q is %q", a, b)
		}
	})
}
