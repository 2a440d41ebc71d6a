package cimd

import (
	"testing"
	"time"
)

// Cache-Control counts within bounds.
func TestFreshness(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": usualFresh, "max-age=600": 10 * time.Minute, "public, Max-Age=\"600\"": 10 * time.Minute, "max-age=0": leastFresh, "max-age=1": leastFresh,
		"no-store": leastFresh, "no-cache, max-age=600": leastFresh, "max-age=31536000": mostFresh, "max-age=x": usualFresh, "max-age=-5": leastFresh, "private": usualFresh,
		"max-age=99999999999999999999": usualFresh,
	} {
		if got := freshness(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
