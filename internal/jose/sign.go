package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Sign makes a compact JWS of payload with the header {alg, kid, typ}. typ is a
// kind's name, letters, digits and "+-./" only. ErrTooLarge for what no Verify would
// take. A signer that fails, or answers in a form that is not its algorithm's, is
// the other cause of errors.
func (p PrivateKey) Sign(typ string, payload []byte) (string, error) {
	if p.k == nil || !isKind(typ) {
		return "", fmt.Errorf("%w: no key, or no type %q", ErrKey, typ)
	}
	var space [256]byte
	header := append(append(append(space[:0], p.k.header...), typ...), `"}`...)
	enc := base64.RawURLEncoding
	const longest = maxRSABits / 8 * 4 / 3
	b := make([]byte, 0, enc.EncodedLen(len(header))+enc.EncodedLen(len(payload))+2+min(longest, p.k.signatureLen()))
	b = enc.AppendEncode(b, header)
	b = append(b, '.')
	b = enc.AppendEncode(b, payload)
	signature, err := p.k.sign(b)
	if err != nil {
		return "", fmt.Errorf("jose: signing: %w", err)
	}
	b = append(b, '.')
	b = enc.AppendEncode(b, signature)
	if len(b) > MaxToken {
		return "", ErrTooLarge
	}
	return string(b), nil
}

func (k *privateKey) signatureLen() int {
	if k.public.k.rsa != nil {
		return base64.RawURLEncoding.EncodedLen(k.public.k.rsa.Size())
	}
	return base64.RawURLEncoding.EncodedLen(64)
}

func (k *privateKey) sign(input []byte) ([]byte, error) {
	if k.public.k.alg == EdDSA {
		return k.signer.Sign(rand.Reader, input, crypto.Hash(0))
	}
	digest := sha256.Sum256(input)
	switch k.public.k.alg {
	case ES256:
		der, err := k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return fixedFromDER(der)
	case PS256:
		return k.signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	default:
		return k.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
}

func isKind(typ string) bool {
	for _, c := range []byte(typ) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != '/' {
			return false
		}
	}
	return typ != ""
}
