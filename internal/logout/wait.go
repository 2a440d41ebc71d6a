package logout

import (
	"math/rand/v2"
	"strings"
	"time"
)

const (
	patience  = 24 * time.Hour
	firstWait = 5 * time.Second // doubles with each attempt
	longest   = time.Hour
)

// wait is how long to leave a client alone after so many attempts, at least one:
// doubling, at most an hour, give or take a fifth, so that one that returns is not
// met by all at once.
func wait(attempts int) time.Duration {
	d := longest
	if attempts < 11 {
		d = min(firstWait<<(max(attempts, 1)-1), longest)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// reason is an error for the log: one line of at most 200 bytes.
func reason(err error) string {
	s := strings.Join(strings.Fields(err.Error()), " ")
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.ToValidUTF8(s, "")
}
