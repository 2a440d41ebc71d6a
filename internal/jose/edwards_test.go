package jose

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"testing"
)

// The test without a root agrees with the textbook's: x² = (y²-1)/(dy²+1) (RFC 8032,
// 5.1.3) has a root or has none.
func TestOnEdwards25519HasARoot(t *testing.T) {
	t.Parallel()
	p := fieldPrime()
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665))
	on := 0
	for n := range int64(300) {
		sum := sha256.Sum256(fmt.Append(nil, n))
		sum[31] &= 0x3f // below the prime
		y := new(big.Int).SetBytes(reversed(sum[:]))
		yy := y.Mul(y, y)
		xx := new(big.Int).Mul(d, yy)
		xx.ModInverse(xx.Add(xx, big.NewInt(1)), p)
		xx.Mul(xx, yy.Sub(yy, big.NewInt(1)))
		want := new(big.Int).ModSqrt(xx.Mod(xx, p), p) != nil
		if got := onEdwards25519(sum[:]); got != want {
			t.Errorf("%x is on the curve: %t, want %t", sum, got, want)
		}
		if want {
			on++
		}
	}
	if on < 100 || on > 200 {
		t.Errorf("%d of 300 are on the curve, want about half", on)
	}
}

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}
