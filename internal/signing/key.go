package signing

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// Use says what a key may sign.
type Use string

const (
	Token Use = "token" // access and ID tokens, and what else is for relying parties
	Feed  Use = "feed"  // the revocation feed (TH-19)
)

// State is where in its life a key is.
type State string

const (
	Next     State = "next"     // published, not yet used
	Current  State = "current"  // signs
	Retiring State = "retiring" // only verifies; its private part is erased
	Gone     State = "gone"     // no longer published
)

// Key is one key as the store keeps it.
type Key struct {
	ID        string // RFC 7638 thumbprint (JW-41)
	Use       Use
	Algorithm jose.Algorithm
	State     State
	JWK       string   // the public key
	MAC       [32]byte // of use, algorithm and JWK
	Sealed    []byte   // PKCS #8 under the keyring; nil from Retiring on
	CreatedAt time.Time
	DueAt     time.Time // when it becomes current, at the earliest
	CurrentAt time.Time // the rest is zero until it happens
	RetiredAt time.Time
	GoneAt    time.Time
}

// Since is when the key entered its state.
func (k Key) Since() time.Time {
	switch k.State {
	case Current:
		return k.CurrentAt
	case Retiring:
		return k.RetiredAt
	case Gone:
		return k.GoneAt
	}
	return k.CreatedAt
}

// String names the key and shows nothing of it.
func (k Key) String() string {
	return fmt.Sprintf("%s %s key %s (%s)", k.State, k.Use, k.ID, k.Algorithm)
}

// GoString is String: %#v shows no sealed bytes either.
func (k Key) GoString() string { return k.String() }

// LogValue is String.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// place is what there is one current key of.
type place struct {
	use Use
	alg jose.Algorithm
}

func (p place) String() string { return string(p.use) + " " + string(p.alg) }

// check refuses places that there are no keys for: ErrUse, ErrAlgorithm. The feed
// is read by our own verifiers, all of which know EdDSA.
func (p place) check() error {
	if p.use != Token && p.use != Feed {
		return ErrUse
	}
	switch p.alg {
	case jose.EdDSA:
		return nil
	case jose.ES256, jose.RS256, jose.PS256:
		if p.use == Token {
			return nil
		}
	}
	return ErrAlgorithm
}

// always are the places that have keys from the first start.
var always = []place{{Token, jose.EdDSA}, {Feed, jose.EdDSA}}
