package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"log/slog"
)

// PrivateKey signs with one algorithm. It prints as a redaction. The zero
// PrivateKey signs nothing.
type PrivateKey struct{ k *privateKey }

type privateKey struct {
	signer crypto.Signer
	public PublicKey
	header []byte // {"alg":…,"kid":…,"typ":" of every token
}

// Generate makes a key; RSA keys have 2048 bits.
func Generate(alg Algorithm) (PrivateKey, error) {
	var signer crypto.Signer
	var err error
	switch alg {
	case EdDSA:
		_, signer, err = ed25519.GenerateKey(nil)
	case ES256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case PS256, RS256:
		signer, err = rsa.GenerateKey(rand.Reader, minRSABits)
	default:
		err = fmt.Errorf("%w: algorithm %q", ErrKey, alg)
	}
	if err != nil {
		return PrivateKey{}, err
	}
	return NewPrivateKey(alg, signer)
}

// NewPrivateKey binds a signer to an algorithm. The signer may be one of the
// standard library's keys or stand for a key kept elsewhere; it must be safe for
// concurrent use. ErrKey if its public key does not fit alg.
func NewPrivateKey(alg Algorithm, signer crypto.Signer) (PrivateKey, error) {
	if signer == nil {
		return PrivateKey{}, fmt.Errorf("%w: none", ErrKey)
	}
	public, err := NewPublicKey(alg, signer.Public())
	if err != nil {
		return PrivateKey{}, err
	}
	return PrivateKey{&privateKey{signer, public, headerOf(alg, public.ID())}}, nil
}

func headerOf(alg Algorithm, kid string) []byte {
	header := append([]byte(`{"alg":"`), alg...)
	header = appendString(append(header, `","kid":`...), kid)
	return append(header, `,"typ":"`...)
}

// Named is the key under the ID by which somebody else knows it.
func (p PrivateKey) Named(kid string) PrivateKey {
	if p.k == nil {
		return p
	}
	return PrivateKey{&privateKey{p.k.signer, p.k.public.Named(kid), headerOf(p.k.public.k.alg, kid)}}
}

// ParsePrivateKey reads what PKCS8 wrote. ErrKey for anything else.
func ParsePrivateKey(alg Algorithm, pkcs8 []byte) (PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("%w: not PKCS #8", ErrKey) // the cause may quote the key
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return PrivateKey{}, fmt.Errorf("%w: %T", ErrKey, key)
	}
	return NewPrivateKey(alg, signer)
}

// PKCS8 is the key to be sealed and stored. ErrKey if the key is kept elsewhere.
func (p PrivateKey) PKCS8() ([]byte, error) {
	if p.k == nil {
		return nil, fmt.Errorf("%w: none", ErrKey)
	}
	b, err := x509.MarshalPKCS8PrivateKey(p.k.signer)
	if err != nil {
		return nil, fmt.Errorf("%w: %T has no PKCS #8 form", ErrKey, p.k.signer)
	}
	return b, nil
}

// Public is the key that checks what p signed.
func (p PrivateKey) Public() PublicKey {
	if p.k == nil {
		return PublicKey{}
	}
	return p.k.public
}

// IsZero reports whether p is no key.
func (p PrivateKey) IsZero() bool { return p.k == nil }

const redacted = "[redacted]"

func (PrivateKey) String() string               { return redacted }
func (PrivateKey) GoString() string             { return redacted }
func (PrivateKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
func (PrivateKey) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (PrivateKey) Format(s fmt.State, _ rune)   { _, _ = s.Write([]byte(redacted)) }
