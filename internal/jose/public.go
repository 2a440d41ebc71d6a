package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// PublicKey checks signatures of one algorithm. The zero PublicKey checks none.
type PublicKey struct{ k *publicKey }

type publicKey struct {
	id  string
	alg Algorithm
	ed  ed25519.PublicKey // one of the three, as alg says
	ec  *ecdsa.PublicKey
	rsa *rsa.PublicKey
}

// NewPublicKey binds a key to an algorithm: an ed25519.PublicKey, *ecdsa.PublicKey
// on P-256 or *rsa.PublicKey, which must not be changed afterwards. ErrKey for any
// other pair and for weak keys. Its ID is the RFC 7638 thumbprint.
func NewPublicKey(alg Algorithm, key crypto.PublicKey) (PublicKey, error) {
	k := &publicKey{alg: alg}
	var err error
	switch pub := key.(type) {
	case ed25519.PublicKey:
		k.ed, err = bytes.Clone(pub), checkEd25519(alg, pub)
	case *ecdsa.PublicKey:
		k.ec, err = pub, checkECDSA(alg, pub)
	case *rsa.PublicKey:
		err = checkRSA(alg, pub)
		k.rsa = &rsa.PublicKey{N: pub.N, E: pub.E}
	default:
		err = fmt.Errorf("%w: %T", ErrKey, key)
	}
	if err != nil {
		return PublicKey{}, err
	}
	k.id = k.thumbprint()
	return PublicKey{k}, nil
}

// ID is the kid: the thumbprint, or what the set named it that it was read from.
func (p PublicKey) ID() string {
	if p.k == nil {
		return ""
	}
	return p.k.id
}

// Named is the key under another ID.
func (p PublicKey) Named(kid string) PublicKey {
	if p.k == nil {
		return p
	}
	k := *p.k
	k.id = kid
	return PublicKey{&k}
}

// Algorithm is the one algorithm of the key.
func (p PublicKey) Algorithm() Algorithm {
	if p.k == nil {
		return ""
	}
	return p.k.alg
}

// IsZero reports whether p is no key.
func (p PublicKey) IsZero() bool { return p.k == nil }

// Equal reports whether both have one ID and check the same signatures.
func (p PublicKey) Equal(other PublicKey) bool {
	if p.k == other.k || p.k == nil || other.k == nil {
		return p.k == other.k
	}
	if p.k.id != other.k.id || p.k.alg != other.k.alg {
		return false
	}
	switch p.k.alg {
	case EdDSA:
		return p.k.ed.Equal(other.k.ed)
	case ES256:
		return p.k.ec.Equal(other.k.ec)
	}
	return p.k.rsa.Equal(other.k.rsa)
}

// Thumbprint is the RFC 7638 SHA-256 thumbprint, whatever the key's ID is.
func (p PublicKey) Thumbprint() string {
	if p.k == nil {
		return ""
	}
	return p.k.thumbprint()
}

// JWK is the key as a JSON Web Key with kty, its parameters, use, alg and kid.
func (p PublicKey) JWK() []byte {
	if p.k == nil {
		return nil
	}
	b := p.k.appendMembers(nil)
	b = append(b[:len(b)-1], `,"use":"sig","alg":"`...)
	b = append(append(b, p.k.alg...), `","kid":`...)
	return append(appendString(b, p.k.id), '}')
}

func (k *publicKey) thumbprint() string {
	sum := sha256.Sum256(k.appendMembers(nil))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// appendMembers appends an object of the required members in the order and form of
// RFC 7638.
func (k *publicKey) appendMembers(b []byte) []byte {
	enc := base64.RawURLEncoding
	switch {
	case k.ed != nil:
		b = append(b, `{"crv":"Ed25519","kty":"OKP","x":"`...)
		b = enc.AppendEncode(b, k.ed)
	case k.ec != nil:
		point, _ := k.ec.Bytes() // on the curve, since checked
		b = append(b, `{"crv":"P-256","kty":"EC","x":"`...)
		b = enc.AppendEncode(b, point[1:33])
		b = append(b, `","y":"`...)
		b = enc.AppendEncode(b, point[33:])
	default:
		e := binary.BigEndian.AppendUint32(nil, uint32(k.rsa.E))
		b = append(b, `{"e":"`...)
		b = enc.AppendEncode(b, e[bits.LeadingZeros32(uint32(k.rsa.E))/8:])
		b = append(b, `","kty":"RSA","n":"`...)
		b = enc.AppendEncode(b, k.rsa.N.Bytes())
	}
	return append(b, `"}`...)
}

func checkECDSA(alg Algorithm, pub *ecdsa.PublicKey) error {
	if alg != ES256 || pub.Curve != elliptic.P256() {
		return fmt.Errorf("%w: an ECDSA key is for ES256 and on P-256", ErrKey)
	}
	if _, err := pub.Bytes(); err != nil {
		return fmt.Errorf("%w: %w", ErrKey, err)
	}
	return nil
}
