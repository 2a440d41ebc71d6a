package client

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/jose"
)

// maxInline is the size of a key set in a registration, in bytes.
const maxInline = 16 << 10

// keyed checks what the client signs with: one source of public keys, and one
// there must be for a client that proves itself with them.
func (c Client) keyed(Addresses) error {
	if c.JWKS != nil && c.JWKSURI != "" {
		return named(ErrBadKeys, "/jwks", "Give jwks or jwks_uri, not both.")
	}
	if c.Auth == AuthPrivateKeyJWT && c.JWKS == nil && c.JWKSURI == "" {
		return named(ErrBadKeys, "/jwks", "A client with private_key_jwt needs its public keys, as jwks or behind a jwks_uri.")
	}
	if c.JWKS == nil {
		return nil
	}
	return c.inline()
}

// inline reads the set of a registration, strictly: what a fetched set leaves out
// is here a mistake that somebody can correct.
func (c Client) inline() error {
	if len(c.JWKS) > maxInline {
		return named(ErrBadKeys, "/jwks", "A key set here has at most 16 KiB.")
	}
	if private(c.JWKS) {
		return named(ErrBadKeys, "/jwks", "There is a private or secret key in it. Make a new pair: this one is known to others now.")
	}
	keys, err := c.ParseKeys(c.JWKS)
	if err != nil {
		return named(ErrBadKeys.Because(err), "/jwks", "It is not a JSON Web Key Set (RFC 7517).")
	}
	fit := func(k jose.PublicKey) bool {
		return slices.Contains(c.Profile.Rules().Algorithms, string(k.Algorithm()))
	}
	if !slices.ContainsFunc(keys.Keys(), fit) {
		return named(ErrBadKeys, "/jwks", strings.TrimSpace("It has no key to check a signature with. "+strings.Join(keys.Ignored(), "; ")))
	}
	return nil
}

// private reports whether a set holds what only its owner may have.
func private(set []byte) bool {
	var s struct{ Keys []map[string]json.RawMessage }
	if json.Unmarshal(set, &s) != nil {
		return false
	}
	return slices.ContainsFunc(s.Keys, func(key map[string]json.RawMessage) bool {
		_, d := key["d"]
		_, k := key["k"]
		return d || k
	})
}

// ParseKeys reads a key set of c. An RSA key that names no algorithm is for
// PS256 when the client signs with nothing older, else for RS256 (JW-10).
func (c Client) ParseKeys(set []byte) (jose.KeySet, error) {
	if c.SignsPSS() {
		return jose.ParseKeySetFor(set, jose.PS256)
	}
	return jose.ParseKeySet(set)
}

// SignsPSS reports whether the RSA keys of c that do not say so are for PS256.
func (c Client) SignsPSS() bool {
	const pss = string(jose.PS256)
	return c.Profile == FAPI2 || c.AssertionAlg == pss || c.AssertionAlg == "" && c.RequestObjectAlg == pss
}
