package conformance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"sync"
	"testing"
)

// prover signs what a client sends. It is made of the standard library, and
// unlike a key it signs what no library would.
type prover struct {
	t    testing.TB
	alg  string
	kid  string
	key  crypto.Signer
	jwk  map[string]any // public
	full map[string]any // with the private members, for those who send them by mistake
}

var b64 = base64.RawURLEncoding

// rsaKey is one for all: making them takes long.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newProver(t testing.TB, alg string) *prover {
	t.Helper()
	s := &prover{t: t, alg: alg, kid: rand.Text()}
	private := map[string]any{}
	switch alg {
	case "ES256":
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		point, err := k.PublicKey.Bytes()
		must(t, err)
		d, err := k.Bytes()
		must(t, err)
		s.key, s.jwk = k, map[string]any{"kty": "EC", "crv": "P-256", "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:])}
		private["d"] = b64.EncodeToString(d)
	case "EdDSA":
		public, k, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		s.key, s.jwk = k, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64.EncodeToString(public)}
		private["d"] = b64.EncodeToString(k.Seed())
	case "PS256", "RS256":
		k, err := rsaKey()
		must(t, err)
		s.key, s.jwk = k, map[string]any{"kty": "RSA", "n": b64.EncodeToString(k.N.Bytes()), "e": "AQAB"}
		private["d"] = b64.EncodeToString(k.D.Bytes())
	}
	s.full = maps.Clone(s.jwk)
	maps.Copy(s.full, private)
	return s
}

// set is the key set that the client registers.
func (s *prover) set() json.RawMessage {
	k := maps.Clone(s.jwk)
	k["kid"], k["use"] = s.kid, "sig"
	return encode(s.t, map[string]any{"keys": []any{k}})
}

// thumbprint is that of RFC 7638: the required members in the order of their names,
// which is how encoding/json writes them.
func (s *prover) thumbprint() string {
	sum := sha256.Sum256(encode(s.t, s.jwk))
	return b64.EncodeToString(sum[:])
}

func (s *prover) sign(head, claims map[string]any) string {
	s.t.Helper()
	text := b64.EncodeToString(encode(s.t, head)) + "." + b64.EncodeToString(encode(s.t, claims))
	sum := sha256.Sum256([]byte(text))
	var sig []byte
	var err error
	switch k := s.key.(type) {
	case *ecdsa.PrivateKey:
		var r, v *big.Int
		r, v, err = ecdsa.Sign(rand.Reader, k, sum[:])
		must(s.t, err)
		sig = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		sig = ed25519.Sign(k, []byte(text))
	case *rsa.PrivateKey:
		if head["alg"] == "RS256" {
			sig, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		} else {
			sig, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	}
	must(s.t, err)
	if head["alg"] == "none" {
		sig = nil
	}
	return text + "." + b64.EncodeToString(sig)
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

// edit changes a JWT before it is signed.
type edit func(head, claims map[string]any)

func edited(head, claims map[string]any, edits []edit) (map[string]any, map[string]any) {
	for _, e := range edits {
		e(head, claims)
	}
	return head, claims
}

func claim(name string, value any) edit  { return change(name, value, false) }
func inHead(name string, value any) edit { return change(name, value, true) }

// change sets a claim or header member; nil takes it away.
func change(name string, value any, inHead bool) edit {
	return func(head, claims map[string]any) {
		in := claims
		if inHead {
			in = head
		}
		if in[name] = value; value == nil {
			delete(in, name)
		}
	}
}
