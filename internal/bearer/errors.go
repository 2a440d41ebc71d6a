package bearer

import "errors"

// Why a token was refused, beside the errors of packages jose and jwt.
var (
	ErrRevoked = errors.New("bearer: revoked")
	ErrBound   = errors.New("bearer: bound to a key, presented without its proof")
	ErrOptions = errors.New("bearer: no issuer, audience, keys, live set or clock")
)
