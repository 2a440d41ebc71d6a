package floor

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"time"
)

// ErrToken is the floor's only refusal.
var ErrToken = errors.New("floor: bad token")

// Claims are what a bare check reads of an access token.
type Claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Client    string   `json:"client_id"`
	Audience  string   `json:"aud"`
	ID        string   `json:"jti"`
	Session   string   `json:"sid"`
	Grant     string   `json:"gid"`
	Scope     string   `json:"scope"`
	ACR       string   `json:"acr"`
	AMR       []string `json:"amr"`
	Roles     []string `json:"roles"`
	Expiry    int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	AuthTime  int64    `json:"auth_time"`
	UV        int64    `json:"uv"`
	CV        int64    `json:"cv"`
}

// Token is the bare check of a JWT: split, decode, the standard library's signature
// check, encoding/json, exp. It trusts the header unread.
func Token(text string, key crypto.PublicKey, now time.Time) (*Claims, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, ErrToken
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !Signature([]byte(text[:len(text)-len(parts[2])-1]), signature, key) {
		return nil, ErrToken
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, ErrToken
	}
	c := new(Claims)
	if err := json.Unmarshal(payload, c); err != nil || now.Unix() >= c.Expiry {
		return nil, ErrToken
	}
	return c, nil
}

// Signature is the standard library's check of a JWS signature.
func Signature(input, signature []byte, key crypto.PublicKey) bool {
	if k, ok := key.(ed25519.PublicKey); ok {
		return ed25519.Verify(k, input, signature)
	}
	digest := sha256.Sum256(input)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return ecdsa.Verify(k, digest[:], r, s)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], signature) == nil
	}
	return false
}

// Seen is a bare memory of checked tokens: SHA-256, sharded map, exp.
type Seen struct {
	shards [64]struct {
		sync.RWMutex
		live map[[32]byte]*Claims
	}
}

// Add remembers a token.
func (s *Seen) Add(text string, c *Claims) {
	d := sha256.Sum256([]byte(text))
	shard := &s.shards[d[0]%64]
	shard.Lock()
	defer shard.Unlock()
	if shard.live == nil {
		shard.live = make(map[[32]byte]*Claims)
	}
	shard.live[d] = c
}

// Check finds a token that was added and has not expired.
func (s *Seen) Check(text string, now time.Time) (*Claims, error) {
	d := sha256.Sum256([]byte(text))
	shard := &s.shards[d[0]%64]
	shard.RLock()
	c := shard.live[d]
	shard.RUnlock()
	if c == nil || now.Unix() >= c.Expiry {
		return nil, ErrToken
	}
	return c, nil
}
