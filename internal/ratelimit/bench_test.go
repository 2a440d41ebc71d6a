package ratelimit_test

import (
	"context"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/ratelimit"
)

func BenchmarkTake(b *testing.B) {
	every := func(n ratelimit.Name) ratelimit.Limit {
		return ratelimit.Limit{Name: n, Every: time.Microsecond, Burst: 1_000_000}
	}
	limits := []ratelimit.Limit{every("source"), every("account"), every("pair")}
	one := ratelimit.All(ratelimit.Key{Limit: "source", Of: "192.0.2.1/32"})
	three := ratelimit.All(
		ratelimit.Key{Limit: "source", Of: "192.0.2.1/32"},
		ratelimit.Key{Limit: "account", Of: "usr_01jd4n3e5fezqrb2mcvkzx9p0h"},
		ratelimit.Key{Limit: "pair", Of: "usr_01jd4n3e5fezqrb2mcvkzx9p0h", And: "192.0.2.1/32"})
	for name, keys := range map[string]ratelimit.Keys{"one": one, "three": three} {
		b.Run(name, func(b *testing.B) {
			m, err := ratelimit.NewMemory(limits, 0, ratelimit.Monotonic(time.Now))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Take(context.Background(), keys); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
