package jose

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
)

// Bounds of RSA keys. A smaller modulus can be factored and a larger one makes each
// check expensive; e is large enough to be safe and small enough to be fast.
const (
	minRSABits = 2048
	maxRSABits = 8192
	minRSAE    = 65537
	maxRSAE    = 1<<31 - 1
)

func checkRSA(alg Algorithm, pub *rsa.PublicKey) error {
	switch {
	case alg != RS256 && alg != PS256:
		return fmt.Errorf("%w: an RSA key is for RS256 or PS256", ErrKey)
	case pub.N == nil || pub.N.BitLen() < minRSABits || pub.N.BitLen() > maxRSABits || pub.N.Bit(0) == 0:
		return fmt.Errorf("%w: RSA modulus", ErrKey)
	case pub.E < minRSAE || pub.E > maxRSAE || pub.E%2 == 0:
		return fmt.Errorf("%w: RSA exponent", ErrKey)
	case isROCA(pub.N):
		return fmt.Errorf("%w: RSA modulus of a broken generator (CVE-2017-15361)", ErrKey)
	}
	return nil
}

// isROCA recognises moduli of Infineon's generator. Its primes are k·M + (65537^a
// mod M) with M a product of small primes, so modulo each of them the modulus is a
// power of 65537. A sound modulus is that for all of them once in some 10^8.
func isROCA(n *big.Int) bool {
	for _, p := range []int64{
		3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73,
		79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
	} {
		if !isPowerOf65537(new(big.Int).Mod(n, big.NewInt(p)).Int64(), p) {
			return false
		}
	}
	return true
}

func isPowerOf65537(x, p int64) bool {
	for power := int64(1); ; {
		if power == x {
			return true
		}
		if power = power * 65537 % p; power == 1 {
			return false
		}
	}
}

func checkEd25519(alg Algorithm, pub ed25519.PublicKey) error {
	if alg != EdDSA || len(pub) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: an Ed25519 key is for EdDSA and has 32 bytes", ErrKey)
	}
	if !onEdwards25519(pub) {
		return fmt.Errorf("%w: not a point of Ed25519, or one of small order", ErrKey)
	}
	return nil
}

// fieldPrime is 2^255 - 19.
func fieldPrime() *big.Int {
	p := new(big.Int).Lsh(big.NewInt(1), 255)
	return p.Sub(p, big.NewInt(19))
}

// onEdwards25519 reports whether pub is the canonical form of a point on the curve
// -x² + y² = 1 + dxxyy (RFC 8032, 5.1.3) whose order is not small: under a key of
// small order anyone can sign.
func onEdwards25519(pub []byte) bool {
	le := bytes.Clone(pub)
	le[31] &= 0x7f
	if isSmallOrder(le) {
		return false
	}
	slices.Reverse(le)
	p, y := fieldPrime(), new(big.Int).SetBytes(le)
	if y.Cmp(p) >= 0 {
		return false
	}
	// x² = u/v with u = 121666(y²-1) and v = 121666-121665y². It has a root if uv has
	// one, their quotient being v². Neither is 0: y is not 1 or -1, and -1/d is no square.
	n, yy := big.NewInt(121666), new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(yy, big.NewInt(1))
	v := yy.Mul(yy, big.NewInt(121665)).Sub(n, yy)
	u.Mul(u, n).Mul(u, v)
	return big.Jacobi(u.Mod(u, p), p) == 1
}

// isSmallOrder knows the y of the eight points whose order divides 8.
func isSmallOrder(y []byte) bool {
	switch hex.EncodeToString(y) {
	case "0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0100000000000000000000000000000000000000000000000000000000000000", // order 1
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a": // order 8
		return true
	}
	return false
}
