package jose

import (
	"fmt"
	"slices"

	"github.com/mortise-auth/mortise/internal/jose/strictjson"
)

// VerifyEmbedded checks a compact JWS of the kind typ by the key that it brings
// itself in the header jwk, and returns that key. It proves that the sender holds
// the private half, and nothing of who they are: compare the key's Thumbprint with
// one that is known.
//
// algs are the algorithms admitted. The jwk must be a public key; if it has use,
// key_ops or alg they must agree. Its kid is not read.
//
// Errors: those of Verify but ErrUnknownKey, and ErrKey for a jwk that is missing,
// weak, private, or of another algorithm.
func VerifyEmbedded(text, typ string, algs ...Algorithm) (payload string, key PublicKey, err error) {
	t, err := split(text)
	if err != nil {
		return "", PublicKey{}, err
	}
	key, err = embedded(t.header, typ, algs)
	if err != nil {
		return "", PublicKey{}, err
	}
	if err := key.k.verify(t.input, t.signature); err != nil {
		return "", PublicKey{}, err
	}
	var space [1 << 10]byte
	b, ok := decode(space[:0], t.payload)
	if !ok {
		return "", PublicKey{}, ErrMalformed
	}
	return string(b), key, nil
}

func embedded(encoded, typ string, algs []Algorithm) (PublicKey, error) {
	var brought *jwk
	h, err := parseHeaderAnd(encoded, func(r *strictjson.Reader, name string) {
		if name != "jwk" {
			r.Skip()
			return
		}
		k := readKey(r)
		brought = &k
	})
	if err != nil {
		return PublicKey{}, err
	}
	if !isType(h.typ, typ) {
		return PublicKey{}, ErrType
	}
	alg, ok := algorithm(h.alg)
	if !ok || !slices.Contains(algs, alg) {
		return PublicKey{}, ErrAlgorithm
	}
	if brought == nil {
		return PublicKey{}, fmt.Errorf("%w: none in the header", ErrKey)
	}
	return brought.keyFor(alg)
}

// keyFor is the key for the algorithm that a header names.
func (k *jwk) keyFor(alg Algorithm) (PublicKey, error) {
	delete(k.text, "kid")
	if _, ok := k.text["alg"]; !ok {
		k.text["alg"] = string(alg)
	}
	key, err := k.key(alg)
	if err == nil && key.k.alg != alg {
		return PublicKey{}, ErrAlgorithm
	}
	return key, err
}
