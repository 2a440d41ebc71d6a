package verify

import (
	"math/rand/v2"
	"sync"
	"time"
)

// bucket lets rate acts a second through, and as many at once after a pause.
type bucket struct {
	rate float64

	mu    sync.Mutex
	level float64
	at    time.Time
}

func newBucket(rate float64) *bucket { return &bucket{rate: rate, level: max(1, rate)} }

func (b *bucket) take(now time.Time) bool {
	if b.rate <= 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if gone := now.Sub(b.at); !b.at.IsZero() && gone > 0 {
		b.level = min(max(1, b.rate), b.level+gone.Seconds()*b.rate)
	}
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// Bounds of the breaker.
const (
	breakAfter = 5 // failures in a row
	breakFor   = 500 * time.Millisecond
)

// breaker stops asking somebody who does not answer: after five failures in a row
// one act is let through every half second or so, until one succeeds.
type breaker struct {
	mu       sync.Mutex
	failures int
	next     time.Time
}

func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter {
		return true
	}
	if d := b.next.Sub(now); d > 0 && d <= 2*breakFor {
		return false
	}
	b.next = now.Add(jitter(breakFor))
	return true
}

func (b *breaker) report(now time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ok {
		b.failures = 0
		return
	}
	if b.failures++; b.failures == breakAfter {
		b.next = now.Add(jitter(breakFor))
	}
}

// jitter is d with up to a quarter more or less, so that many verifiers do not act
// at once.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + time.Duration(rand.Int64N(int64(d/2)+1))
}
