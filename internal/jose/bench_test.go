package jose

import (
	"bytes"
	"testing"
)

// BenchmarkVerify beside the bare check of the same signature.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []Algorithm{EdDSA, ES256, PS256, RS256} {
		key := generate(b, alg)
		text := sign(b, key, "at+jwt", bytes.Repeat([]byte("claims,"), 80))
		parts, err := split(text)
		if err != nil {
			b.Fatal(err)
		}
		signature, _ := decode(nil, parts.signature)
		keys := NewKeySet(key.Public())
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Verify(text, "at+jwt", keys); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(alg)+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !key.k.public.k.check([]byte(parts.input), signature) {
					b.Fatal("refused")
				}
			}
		})
	}
}

// BenchmarkSign beside the bare signature.
func BenchmarkSign(b *testing.B) {
	for _, alg := range []Algorithm{EdDSA, ES256, PS256, RS256} {
		key := generate(b, alg)
		payload := bytes.Repeat([]byte("claims,"), 80)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.Sign("at+jwt", payload); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(alg)+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.k.sign(payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
