package verify

import (
	"net/http"
	"testing"
	"time"
)

// How long a follower waits after a refusal: the issuer's wish counts as long as
// the last proof may, but whoever must begin anew is back within a second.
// TH-12 TH-17
func TestAfterRefusal(t *testing.T) {
	f := &follower{staleness: 5 * time.Second}
	for _, c := range []struct {
		status       int
		wished, want time.Duration
	}{
		{http.StatusGone, 0, retryFirst},
		{http.StatusGone, time.Minute, retryMost},
		{http.StatusServiceUnavailable, time.Second, time.Second},
		{http.StatusServiceUnavailable, time.Minute, f.staleness / 2},
		{http.StatusUnauthorized, 0, retryRefused},
	} {
		if got := f.after(&statusError{status: c.status, retryAfter: c.wished}, retryFirst); got != c.want {
			t.Errorf("%d, asked to wait %s: %s, want %s", c.status, c.wished, got, c.want)
		}
	}
}
