package passkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"slices"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// publicKey is a key of one of our algorithms, read once for many signatures.
type publicKey struct{ key crypto.PublicKey }

// readKey reads the COSE key of a passkey. Its rules were seen to when it was registered
// (keyRules); that an EC point lies on its curve is seen to again.
func readKey(cose []byte) (publicKey, error) {
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return publicKey{}, ErrRefused.Because(err)
	}
	switch k := parsed.(type) {
	case webauthncose.OKPPublicKeyData:
		if k.Algorithm == EdDSA && len(k.XCoord) == ed25519.PublicKeySize {
			return publicKey{ed25519.PublicKey(k.XCoord)}, nil
		}
	case webauthncose.EC2PublicKeyData:
		if k.Algorithm == ES256 {
			key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, k.XCoord, k.YCoord))
			if err != nil {
				return publicKey{}, ErrRefused.Because(err)
			}
			return publicKey{key}, nil
		}
	case webauthncose.RSAPublicKeyData:
		if e := new(big.Int).SetBytes(k.Exponent); k.Algorithm == RS256 && e.IsInt64() && e.Int64() < 1<<31 {
			return publicKey{&rsa.PublicKey{N: new(big.Int).SetBytes(k.Modulus), E: int(e.Int64())}}, nil
		}
	}
	return publicKey{}, ErrRefused
}

// signed reports whether signature is one of message. An ECDSA signature in any encoding
// but DER is none.
func (k publicKey) signed(message, signature []byte) bool {
	if key, ok := k.key.(ed25519.PublicKey); ok {
		return ed25519.Verify(key, message, signature)
	}
	digest := sha256.Sum256(message)
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest[:], signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
	}
	return false
}
