package jwt

import "errors"

// Why a token was refused although its signature is good. Errors of package jose
// say why one was refused before.
var (
	ErrClaims    = errors.New("jwt: malformed claims")
	ErrIssuer    = errors.New("jwt: of another issuer")
	ErrAudience  = errors.New("jwt: for another audience")
	ErrExpired   = errors.New("jwt: expired")
	ErrNotYet    = errors.New("jwt: not yet valid")
	ErrIssuedAt  = errors.New("jwt: issued in the future")
	ErrFar       = errors.New("jwt: good for too long")
	ErrUnsigned  = errors.New("jwt: not an unsigned request object")
	ErrExpecting = errors.New("jwt: check without issuer, audience or time, or with too much leeway")
)
