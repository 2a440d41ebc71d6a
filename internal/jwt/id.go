package jwt

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"

	"github.com/mortise-auth/mortise/internal/jose"
)

// TypeID is the typ of an ID token (JW-23).
const TypeID = "JWT"

// ID is the claims of an ID token (OpenID Connect Core, 2). Empty values are left
// out. Times are seconds since 1970. There is one audience, the client, so azp is
// never needed.
type ID struct {
	Issuer     string   // iss
	Subject    string   // sub: as the client knows the person
	Audience   string   // aud: the client
	Expiry     int64    // exp
	IssuedAt   int64    // iat
	AuthTime   int64    // auth_time
	Nonce      string   // nonce: exactly when the request had one
	ACR        string   // acr
	AMR        []string // amr
	Session    string   // sid: the session it was made in
	AccessHash string   // at_hash: Half of the access token beside it
	CodeHash   string   // c_hash: Half of the code beside it
	More       []byte   // further members as JSON, separated by commas
}

// Append appends the claims as JSON, in a fixed order and without spaces.
func (i *ID) Append(b []byte) []byte {
	o := object{append(b, '{')}
	o.text("iss", i.Issuer)
	o.text("sub", i.Subject)
	o.text("aud", i.Audience)
	o.always("exp", i.Expiry)
	o.always("iat", i.IssuedAt)
	o.number("auth_time", i.AuthTime)
	o.text("nonce", i.Nonce)
	o.text("acr", i.ACR)
	o.list("amr", i.AMR)
	o.text("sid", i.Session)
	o.text("at_hash", i.AccessHash)
	o.text("c_hash", i.CodeHash)
	if len(i.More) > 0 {
		o.b = append(append(o.b, ','), i.More...)
	}
	return append(o.b, '}')
}

// Half is the left half of a value's hash, as at_hash and c_hash have it: of the
// hash that alg signs with, which for Ed25519 is SHA-512 (Core, 3.1.3.6).
func Half(alg jose.Algorithm, value string) string {
	if alg == jose.EdDSA {
		sum := sha512.Sum512([]byte(value))
		return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
