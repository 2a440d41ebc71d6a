package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// key is a private key of a relying party.
type key struct {
	t       testing.TB
	alg     jose.SignatureAlgorithm
	kid     string
	private crypto.Signer
}

func newKey(t testing.TB, alg string) *key {
	t.Helper()
	k := &key{t: t, alg: jose.SignatureAlgorithm(alg), kid: rand.Text()}
	var err error
	switch alg {
	case "RS256", "PS256":
		k.private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, k.private, err = ed25519.GenerateKey(rand.Reader)
	}
	must(t, err)
	return k
}

// jwk is the public half.
func (k *key) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Algorithm: string(k.alg), Use: "sig"}
}

// public is a key set of keys.
func (k *key) public(more ...*key) map[string]any {
	keys := []jose.JSONWebKey{k.jwk()}
	for _, other := range more {
		keys = append(keys, other.jwk())
	}
	return map[string]any{"keys": keys}
}

// sign makes a JWT; header has what goes beside alg and kid.
func (k *key) sign(claims map[string]any, header map[string]any) string {
	k.t.Helper()
	o := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{"kid": k.kid}}
	for name, v := range header {
		o.ExtraHeaders[jose.HeaderKey(name)] = v
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: k.private}, o)
	must(k.t, err)
	payload, err := json.Marshal(claims)
	must(k.t, err)
	signed, err := s.Sign(payload)
	must(k.t, err)
	compact, err := signed.CompactSerialize()
	must(k.t, err)
	return compact
}

// unsigned is a JWT with alg none.
func unsigned(t testing.TB, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	must(t, err)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// assertion authenticates the client (RFC 7523), with claims changed; nil takes one away.
func (c *client) assertion(change map[string]any) string {
	c.Helper()
	return c.key.sign(c.assertionClaims(change), nil)
}

func (c *client) assertionClaims(change map[string]any) map[string]any {
	now, aud := c.clock.Now().Unix(), c.issuer
	if c.older {
		aud = c.discovered("token_endpoint")
	}
	claims := map[string]any{"iss": c.id, "sub": c.id, "aud": aud, "jti": rand.Text(), "nbf": now, "iat": now, "exp": now + 60}
	return changed(claims, change)
}

func changed(claims, change map[string]any) map[string]any {
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

// keys is the server's key set, checked.
func (m *run) keys() jose.JSONWebKeySet {
	m.Helper()
	a := m.get(m.discovered("jwks_uri"))
	var raw struct{ Keys []map[string]any }
	var set jose.JSONWebKeySet
	m.must(json.Unmarshal(a.body, &raw))
	m.must(json.Unmarshal(a.body, &set))
	if a.status != http.StatusOK || len(set.Keys) == 0 {
		m.Fatalf("the key set: %d %s", a.status, a.body)
	}
	seen := map[string]bool{}
	for _, k := range raw.Keys {
		kid := text(k, "kid")
		if kid == "" || seen[kid] {
			m.Errorf("kid %q is missing or there twice", kid)
		}
		seen[kid] = true
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
			if _, ok := k[private]; ok {
				m.Errorf("key %s shows %s", kid, private)
			}
		}
	}
	for _, k := range set.Keys {
		if !k.Valid() || !k.IsPublic() {
			m.Errorf("key %s is not a valid public one", k.KeyID)
		}
	}
	return set
}

// verified checks the signature of one of the server's JWTs by the key its kid names.
func (m *run) verified(compact string) (claims, header map[string]any) {
	m.Helper()
	signed, err := jose.ParseSignedCompact(compact, algorithms)
	if err != nil {
		m.Fatalf("%v: %s", err, compact)
	}
	h := signed.Signatures[0].Protected
	set := m.keys()
	found := set.Key(h.KeyID)
	if len(found) != 1 {
		m.Fatalf("%d keys have the kid %q", len(found), h.KeyID)
	}
	payload, err := signed.Verify(found[0])
	m.must(err)
	m.must(json.Unmarshal(payload, &claims))
	raw, err := base64.RawURLEncoding.DecodeString(compact[:strings.IndexByte(compact, '.')])
	m.must(err)
	m.must(json.Unmarshal(raw, &header))
	return claims, header
}

// halfHash is at_hash and c_hash (OpenID Connect Core section 3.1.3.6).
func halfHash(alg, value string) string {
	sum := sha256.Sum256([]byte(value))
	half := sum[:16]
	if alg == "EdDSA" {
		long := sha512.Sum512([]byte(value))
		half = long[:32]
	}
	return base64.RawURLEncoding.EncodeToString(half)
}
