package dpop

import "errors"

// Why a proof was refused. All but ErrNonce and ErrBusy are invalid_dpop_proof to
// the client; ErrNonce is use_dpop_nonce, and the answer brings a nonce. Errors of
// package jose are in the chain of ErrSignature.
var (
	ErrNone      = errors.New("dpop: no proof")
	ErrSeveral   = errors.New("dpop: more than one proof")
	ErrTooLarge  = errors.New("dpop: proof too large")
	ErrSignature = errors.New("dpop: not a proof that its key signed")
	ErrClaims    = errors.New("dpop: malformed claims, or some missing")
	ErrMethod    = errors.New("dpop: for another method")
	ErrURL       = errors.New("dpop: for another address")
	ErrTime      = errors.New("dpop: made too long ago, or in the future")
	ErrToken     = errors.New("dpop: for another access token")
	ErrNonce     = errors.New("dpop: a nonce of this server is due")
	ErrReplayed  = errors.New("dpop: seen before")
	// ErrBusy: more proofs came in a few seconds than can be remembered. Nothing
	// was decided.
	ErrBusy = errors.New("dpop: too many proofs at once")
	// ErrEpoch: a Memory is not any more what its caller believes.
	ErrEpoch = errors.New("dpop: the memory of proofs began anew")
)

// NonceError is ErrNonce with the nonce to hand out.
type NonceError struct{ Nonce string }

func (e *NonceError) Error() string { return ErrNonce.Error() }

// Is reports whether target is ErrNonce.
func (e *NonceError) Is(target error) bool { return target == ErrNonce }
