package jose

import (
	"bytes"
	"crypto/ed25519"
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
	fit, err := k.fit(alg)
	switch {
	case err != nil:
		return PublicKey{}, err
	case fit != alg:
		return PublicKey{}, ErrAlgorithm
	case alg == EdDSA:
		return k.ephemeral()
	}
	return k.public(alg)
}

// ephemeral is an Ed25519 key that checks one token. Whether it is a point of the
// curve that check finds out too, at no cost; NewPublicKey needs four times as long
// as the check for it.
func (k *jwk) ephemeral() (PublicKey, error) {
	if k.text["kty"] != "OKP" || k.text["crv"] != "Ed25519" {
		return PublicKey{}, fmt.Errorf("%w: type %.32q, curve %.32q", ErrKey, k.text["kty"], k.text["crv"])
	}
	x, err := k.bytes("x", ed25519.PublicKeySize)
	if err != nil {
		return PublicKey{}, err
	}
	y := bytes.Clone(x)
	y[31] &= 0x7f
	if isSmallOrder(y) {
		return PublicKey{}, fmt.Errorf("%w: of small order", ErrKey)
	}
	key := &publicKey{alg: EdDSA, ed: x}
	key.id = key.thumbprint()
	return PublicKey{key}, nil
}
