package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Bounds, checked before anything is decoded.
const (
	MaxToken  = 16 << 10 // bytes of a token
	MaxHeader = 4 << 10  // bytes of its encoded header
)

// Keys finds the key that a token names.
type Keys interface {
	// Key reports the key of that kid. kid comes from a token nobody has checked:
	// it may be anything.
	Key(kid string) (PublicKey, bool)
}

// Verify checks a compact JWS of the kind typ and returns its payload and the ID of
// the key that signed it.
//
// typ is compared without regard to case and to a leading "application/"; for the
// kind "JWT" the header may lack it. A token without kid is tried only if keys has
// the method Only of a KeySet, and there is exactly one key for its algorithm.
//
// Errors: ErrTooLarge, ErrMalformed, ErrCritical, ErrType, ErrUnknownKey,
// ErrAlgorithm, ErrSignature; with each of them there is no payload.
func Verify(text, typ string, keys Keys) (payload []byte, kid string, err error) {
	encoded, key, err := verify(text, typ, keys)
	if err != nil {
		return nil, "", err
	}
	payload, ok := decode(make([]byte, 0, strict.DecodedLen(len(encoded))), encoded)
	if !ok {
		return nil, "", ErrMalformed
	}
	return payload, key.id, nil
}

// VerifyText is Verify for a payload that is text.
func VerifyText(text, typ string, keys Keys) (payload, kid string, err error) {
	encoded, key, err := verify(text, typ, keys)
	if err != nil {
		return "", "", err
	}
	var space [2 << 10]byte
	b, ok := decode(space[:0], encoded)
	if !ok {
		return "", "", ErrMalformed
	}
	return string(b), key.id, nil
}

// verify checks all but that the payload, which it returns, can be decoded.
func verify(text, typ string, keys Keys) (payload string, key *publicKey, err error) {
	t, err := split(text)
	if err != nil {
		return "", nil, err
	}
	h, err := parseHeader(t.header)
	if err != nil {
		return "", nil, err
	}
	if !isType(h.typ, typ) {
		return "", nil, ErrType
	}
	alg, ok := algorithm(h.alg)
	if !ok {
		return "", nil, ErrAlgorithm
	}
	found, ok := find(keys, h, alg)
	if !ok {
		return "", nil, ErrUnknownKey
	}
	if found.k.alg != alg {
		return "", nil, ErrAlgorithm
	}
	return t.payload, found.k, found.k.verify(t.input, t.signature)
}

// find looks the key up by kid; without one, the only key there is for alg.
func find(keys Keys, h header, alg Algorithm) (PublicKey, bool) {
	if keys == nil {
		return PublicKey{}, false
	}
	if h.hasID {
		key, ok := keys.Key(h.kid)
		return key, ok && key.k != nil
	}
	set, ok := keys.(interface {
		Only(alg Algorithm) (PublicKey, bool)
	})
	if !ok {
		return PublicKey{}, false
	}
	key, ok := set.Only(alg)
	return key, ok && key.k != nil
}

// token is a compact JWS in its encoded parts.
type token struct{ header, payload, signature, input string }

func split(text string) (token, error) {
	if len(text) > MaxToken {
		return token{}, ErrTooLarge
	}
	first := strings.IndexByte(text, '.')
	if first > MaxHeader {
		return token{}, ErrTooLarge
	}
	second := first + 1 + strings.IndexByte(text[first+1:], '.')
	if first <= 0 || second == first {
		return token{}, ErrMalformed
	}
	// A third dot, or anything else that is not of the alphabet, is found when the
	// parts are decoded.
	return token{text[:first], text[first+1 : second], text[second+1:], text[:second]}, nil
}

// decode appends what canonical base64url stands for: no padding, no line breaks,
// no other alphabet, no bits set that carry nothing.
func decode(b []byte, s string) ([]byte, bool) {
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0 { // which encoding/base64 ignores
		return nil, false
	}
	b, err := strict.AppendDecode(b, []byte(s))
	return b, err == nil
}

var strict = base64.RawURLEncoding.Strict()

// isType compares media types as RFC 7515, 4.1.9 says.
func isType(got, want string) bool {
	const prefix = "application/"
	if len(got) > len(prefix) && strings.EqualFold(got[:len(prefix)], prefix) {
		got = got[len(prefix):]
	}
	return equalASCII(got, want) || got == "" && want == "JWT"
}

// equalASCII ignores the case of ASCII letters only: to EqualFold a Kelvin sign is
// a k.
func equalASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

func (k *publicKey) verify(input, encoded string) error {
	var space [maxRSABits / 8]byte
	if len(encoded) > base64.RawURLEncoding.EncodedLen(len(space)) {
		return ErrSignature
	}
	signature, ok := decode(space[:0], encoded)
	if !ok {
		return ErrMalformed
	}
	if !k.check([]byte(input), signature) {
		return ErrSignature
	}
	return nil
}

func (k *publicKey) check(input, signature []byte) bool {
	if k.alg == EdDSA {
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(k.ed, input, signature)
	}
	digest := sha256.Sum256(input)
	switch k.alg {
	case ES256:
		if len(signature) != 2*half {
			return false
		}
		var space [2*half + 8]byte
		return ecdsa.VerifyASN1(k.ec, digest[:], appendDER(space[:0], signature))
	case RS256:
		return rsa.VerifyPKCS1v15(k.rsa, crypto.SHA256, digest[:], signature) == nil
	case PS256:
		return rsa.VerifyPSS(k.rsa, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
