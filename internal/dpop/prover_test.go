package dpop

import (
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
	"testing"
	"time"
)

// A prover makes proofs of any shape, with nothing but the standard library.
type prover struct {
	t   testing.TB
	alg string
	key any
	jwk map[string]any
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newProver(t testing.TB, alg string) *prover {
	t.Helper()
	p := &prover{t: t, alg: alg}
	switch alg {
	case "ES256":
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		p.must(err)
		point, err := k.PublicKey.Bytes()
		p.must(err)
		p.key, p.jwk = k, map[string]any{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	case "EdDSA":
		pub, k, err := ed25519.GenerateKey(rand.Reader)
		p.must(err)
		p.key, p.jwk = k, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(pub)}
	default:
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		p.must(err)
		p.key, p.jwk = k, map[string]any{"kty": "RSA", "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
	}
	return p
}

func (p *prover) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// with is m with some members replaced; nil removes one.
func with(m map[string]any, changes map[string]any) map[string]any {
	out := maps.Clone(m)
	for k, v := range changes {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

func (p *prover) header() map[string]any {
	return map[string]any{"typ": "dpop+jwt", "alg": p.alg, "jwk": p.jwk}
}

func (p *prover) sign(header, claims any) string {
	p.t.Helper()
	h, err := json.Marshal(header)
	p.must(err)
	c, err := json.Marshal(claims)
	p.must(err)
	input := b64(h) + "." + b64(c)
	digest := sha256.Sum256([]byte(input))
	var sig []byte
	switch k := p.key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
		p.must(err)
		sig = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		sig = ed25519.Sign(k, []byte(input))
	case *rsa.PrivateKey:
		if p.alg == "RS256" {
			sig, err = rsa.SignPKCS1v15(rand.Reader, k, 5, digest[:])
		} else {
			sig, err = rsa.SignPSS(rand.Reader, k, 5, digest[:], &rsa.PSSOptions{SaltLength: 32})
		}
		p.must(err)
	}
	return input + "." + b64(sig)
}

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const (
	resource = "https://api.example.com/things/1"
	token    = "the-access-token"
)

func claimsAt(at time.Time) map[string]any {
	sum := sha256.Sum256([]byte(token))
	return map[string]any{"jti": "id-" + at.String(), "htm": "GET", "htu": resource, "iat": at.Unix(), "ath": b64(sum[:])}
}

func want() Expect {
	return Expect{Method: "GET", URL: resource, Now: now, AccessToken: token}
}
