package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math/big"
	"slices"

	"github.com/mortise-auth/mortise/internal/jose/strictjson"
)

// Bounds of a set that is read.
const (
	MaxKeySet = 256 << 10 // bytes
	MaxKeys   = 64
)

// ParseKeySet reads a public JWK set of somebody else. Keys that are not for
// checking one of our algorithms are left out, never guessed at: private and
// symmetric ones, another use, key_ops or alg, points off the curve, weak moduli,
// and all that share a kid. A key without alg is for the only algorithm of its
// type; an RSA key for RS256. A key without kid has its thumbprint as ID.
//
// ErrKeySet if the document is not JSON, not a set, or too large. A set of no
// usable key is no error.
func ParseKeySet(document []byte) (KeySet, error) { return ParseKeySetFor(document, RS256) }

// ParseKeySetFor is ParseKeySet, with an RSA key without alg being for the given
// algorithm: RS256 or PS256.
func ParseKeySetFor(document []byte, rsa Algorithm) (KeySet, error) {
	if len(document) > MaxKeySet {
		return KeySet{}, fmt.Errorf("%w: larger than %d bytes", ErrKeySet, MaxKeySet)
	}
	list, err := readKeys(string(document))
	if err != nil {
		return KeySet{}, err
	}
	var keys []PublicKey
	var unfit []string
	for i := range list {
		key, err := list[i].key(rsa)
		if err != nil {
			unfit = append(unfit, reason(list[i].text["kid"], err.Error()))
			continue
		}
		keys = append(keys, key)
	}
	s := NewKeySet(withoutKeysOf(&unfit, list, keys)...)
	s.ignored = append(unfit, s.ignored...)
	return s, nil
}

// withoutKeysOf leaves out the keys whose kid an unfit entry of the set has too.
func withoutKeysOf(unfit *[]string, list []jwk, keys []PublicKey) []PublicKey {
	times := map[string]int{}
	for _, one := range list {
		if kid, ok := one.text["kid"]; ok {
			times[kid]++
		}
	}
	return slices.DeleteFunc(keys, func(key PublicKey) bool {
		if times[key.ID()] < 2 {
			return false
		}
		*unfit = append(*unfit, reason(key.ID(), "another key has its kid"))
		return true
	})
}

func (s *KeySet) ignore(kid, why string) { s.ignored = append(s.ignored, reason(kid, why)) }

func reason(kid, why string) string { return fmt.Sprintf("key %.64q: %s", kid, why) }

// jwk is an entry of a set, of which nothing is believed yet.
type jwk struct {
	text   map[string]string // string members we know
	ops    []string
	hasOps bool
	odd    string // a member of a wrong type or one that no public key has
}

func readKeys(document string) ([]jwk, error) {
	var list []jwk
	found := false
	r := strictjson.New(document)
	r.Object(func(name string) {
		if name != "keys" {
			r.Skip()
			return
		}
		found = true
		r.Array(func() {
			list = append(list, readKey(&r))
			if len(list) > MaxKeys {
				r.Fail()
			}
		})
	})
	if err := r.Close(); err != nil || !found {
		return nil, fmt.Errorf("%w: not a JSON object with up to %d keys", ErrKeySet, MaxKeys)
	}
	return list, nil
}

func readKey(r *strictjson.Reader) jwk {
	k := jwk{text: map[string]string{}}
	r.Object(func(name string) {
		switch name {
		case "kty", "kid", "use", "alg", "crv", "x", "y", "n", "e":
			if r.Next() != '"' {
				k.odd = name
				r.Skip()
				return
			}
			k.text[name] = r.String()
		case "key_ops":
			k.hasOps = true
			k.ops = r.AppendStrings(nil)
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			k.odd = name
			r.Skip()
		default:
			r.Skip()
		}
	})
	return k
}

// fit is the algorithm of a key that is for checking signatures.
func (k *jwk) fit(rsa Algorithm) (Algorithm, error) {
	use, hasUse := k.text["use"]
	switch {
	case k.odd != "":
		return "", fmt.Errorf("%w: member %q", ErrKey, k.odd)
	case hasUse && use != "sig":
		return "", fmt.Errorf("%w: not for signatures", ErrKey)
	case k.hasOps && !slices.Equal(k.ops, []string{"verify"}):
		return "", fmt.Errorf("%w: not for checking", ErrKey)
	}
	return k.algorithm(rsa)
}

func (k *jwk) key(rsa Algorithm) (PublicKey, error) {
	alg, err := k.fit(rsa)
	if err != nil {
		return PublicKey{}, err
	}
	key, err := k.public(alg)
	if err != nil {
		return PublicKey{}, err
	}
	if kid, ok := k.text["kid"]; ok {
		key.k.id = kid
	}
	return key, nil
}

func (k *jwk) algorithm(rsa Algorithm) (Algorithm, error) {
	if name, ok := k.text["alg"]; ok {
		if alg, ok := algorithm(name); ok {
			return alg, nil
		}
		return "", fmt.Errorf("%w: algorithm %.32q", ErrKey, name)
	}
	switch k.text["kty"] {
	case "OKP":
		return EdDSA, nil
	case "EC":
		return ES256, nil
	default:
		return rsa, nil
	}
}

func (k *jwk) public(alg Algorithm) (PublicKey, error) {
	switch kty, crv := k.text["kty"], k.text["crv"]; {
	case kty == "OKP" && crv == "Ed25519":
		x, err := k.bytes("x", 32)
		if err != nil {
			return PublicKey{}, err
		}
		return NewPublicKey(alg, ed25519.PublicKey(x))
	case kty == "EC" && crv == "P-256":
		return k.ecdsa(alg)
	case kty == "RSA":
		return k.rsa(alg)
	default:
		return PublicKey{}, fmt.Errorf("%w: type %.32q, curve %.32q", ErrKey, kty, crv)
	}
}

func (k *jwk) ecdsa(alg Algorithm) (PublicKey, error) {
	x, err := k.bytes("x", half)
	if err != nil {
		return PublicKey{}, err
	}
	y, err := k.bytes("y", half)
	if err != nil {
		return PublicKey{}, err
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w: not a point of P-256", ErrKey)
	}
	return NewPublicKey(alg, pub)
}

func (k *jwk) rsa(alg Algorithm) (PublicKey, error) {
	n, err := k.integer("n", maxRSABits/8)
	if err != nil {
		return PublicKey{}, err
	}
	e, err := k.integer("e", 4)
	if err != nil {
		return PublicKey{}, err
	}
	return NewPublicKey(alg, &rsa.PublicKey{N: n, E: int(e.Int64())})
}

// integer reads a Base64urlUInt (RFC 7518, 2): without leading zero bytes.
func (k *jwk) integer(name string, most int) (*big.Int, error) {
	b, ok := decode(nil, k.text[name])
	if !ok || len(b) == 0 || len(b) > most || b[0] == 0 {
		return nil, fmt.Errorf("%w: member %q", ErrKey, name)
	}
	return new(big.Int).SetBytes(b), nil
}

func (k *jwk) bytes(name string, size int) ([]byte, error) {
	b, ok := decode(nil, k.text[name])
	if !ok || len(b) != size {
		return nil, fmt.Errorf("%w: member %q", ErrKey, name)
	}
	return b, nil
}
