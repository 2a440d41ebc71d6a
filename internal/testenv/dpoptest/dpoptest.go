// Package dpoptest makes DPoP proofs (RFC 9449) for tests, good ones and others. It
// uses nothing but the standard library, so that what checks proofs is not tested by
// its own code.
package dpoptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"
)

// Key is a P-256 key that proofs are made with.
type Key struct {
	JKT string         // its RFC 7638 thumbprint
	JWK map[string]any // its public half

	tb      testing.TB
	private *ecdsa.PrivateKey
}

// New makes a key.
func New(tb testing.TB) *Key {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	jwk := map[string]any{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	sum := sha256.Sum256([]byte(encode(tb, jwk))) // Marshal sorts members, as a thumbprint wants them
	return &Key{JKT: b64(sum[:]), JWK: jwk, tb: tb, private: private}
}

// Proof is a proof for one request, made at a time, with a jti of its own; token is
// what the request presents, empty for none. change alters its claims; nil: nothing.
func (k *Key) Proof(at time.Time, method, url, token string, change func(claims map[string]any)) string {
	k.tb.Helper()
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	claims := map[string]any{"jti": b64(id[:]), "htm": method, "htu": url, "iat": at.Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = b64(sum[:])
	}
	if change != nil {
		change(claims)
	}
	return k.Sign(map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": k.JWK}, claims)
}

// Sign makes a compact JWS of any header and claims.
func (k *Key) Sign(header, claims map[string]any) string {
	k.tb.Helper()
	input := b64([]byte(encode(k.tb, header))) + "." + b64([]byte(encode(k.tb, claims)))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		k.tb.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + b64(signature)
}

func encode(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
