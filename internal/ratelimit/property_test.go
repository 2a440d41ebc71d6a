package ratelimit_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// Whatever the pace, no stretch of time sees more than its burst and its refill,
// and whoever waits for RetryAfter is let in.
func TestNeverMoreThanTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := ratelimit.Limit{
			Name:  "x",
			Every: time.Duration(rapid.Int64Range(int64(time.Microsecond), int64(time.Hour)).Draw(t, "every")),
			Burst: rapid.IntRange(1, 20).Draw(t, "burst"),
		}
		var c clock
		m, err := ratelimit.NewMemory([]ratelimit.Limit{l}, 0, c.now)
		if err != nil {
			t.Fatal(err)
		}
		keys := ratelimit.All(ratelimit.Key{Limit: "x", Of: "somebody"})
		var allowed []time.Duration
		for range rapid.IntRange(1, 100).Draw(t, "acts") {
			c.advance(time.Duration(rapid.Int64Range(0, int64(2*l.Every)).Draw(t, "pause")))
			d, err := m.Take(context.Background(), keys)
			if err != nil {
				t.Fatal(err)
			}
			if !d.Allowed {
				c.advance(d.RetryAfter)
				if d, _ = m.Take(context.Background(), keys); !d.Allowed {
					t.Fatalf("refused after the wait: %+v", d)
				}
			}
			allowed = append(allowed, c.now())
			checkWindows(t, l, allowed)
		}
	})
}

func checkWindows(t *rapid.T, l ratelimit.Limit, allowed []time.Duration) {
	last := len(allowed) - 1
	for i := range allowed {
		span := allowed[last] - allowed[i]
		if n, most := last-i+1, l.Burst+int(span/l.Every); n > most {
			t.Fatalf("%d acts in %v, at most %d", n, span, most)
		}
	}
}
