package jose

import "errors"

// Why a token was refused. Exactly one of them is in the chain of every error of
// Verify.
var (
	ErrTooLarge   = errors.New("jose: token too large")
	ErrMalformed  = errors.New("jose: malformed token")
	ErrCritical   = errors.New("jose: token asks for an extension")
	ErrType       = errors.New("jose: token of another kind")
	ErrUnknownKey = errors.New("jose: unknown key")
	ErrAlgorithm  = errors.New("jose: not the algorithm of the key")
	ErrSignature  = errors.New("jose: bad signature")
)

// Why a key was refused.
var (
	ErrKey    = errors.New("jose: unusable key")
	ErrKeySet = errors.New("jose: malformed key set")
)
