package password

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Fetcher makes one GET request and returns the body of a 200 answer of at most
// limit bytes; everything else is an error.
type Fetcher interface {
	Fetch(ctx context.Context, url string, header map[string]string, limit int64) ([]byte, error)
}

// Pwned asks a k-anonymity range service about breached passwords. The service
// learns the first five hexadecimal digits of a SHA-1 and, because answers are
// padded, nothing from their size (PW-6).
type Pwned struct {
	fetch Fetcher
	base  string
	limit time.Duration
}

const (
	pwnedBase   = "https://api.pwnedpasswords.com/range/"
	maxRange    = 1 << 20
	rangePrefix = 5
)

// NewPwned returns a client of the service at base (empty: Have I Been Pwned),
// to which the five digits are appended. One look-up takes at most limit (zero: 1 s).
func NewPwned(f Fetcher, base string, limit time.Duration) *Pwned {
	if base == "" {
		base = pwnedBase
	}
	if limit <= 0 {
		limit = time.Second
	}
	return &Pwned{f, base, limit}
}

// Seen asks the service.
func (p *Pwned) Seen(ctx context.Context, candidate secret.Text) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	sum := sha1.Sum([]byte(candidate.Reveal()))
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	body, err := p.fetch.Fetch(ctx, p.base+digits[:rangePrefix], map[string]string{"Add-Padding": "true"}, maxRange)
	if err != nil {
		return false, fmt.Errorf("password: range look-up: %w", err)
	}
	return inRange(body, digits[rangePrefix:])
}

// inRange looks for a suffix among SUFFIX:count lines. Padding has count 0.
func inRange(body []byte, suffix string) (bool, error) {
	if len(body) > maxRange {
		return false, fmt.Errorf("password: range answer of %d bytes", len(body))
	}
	found := false
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		got, count, ok := strings.Cut(strings.TrimSuffix(lines.Text(), "\r"), ":")
		if got == "" && !ok {
			continue
		}
		if len(got) != len(suffix) || !ok {
			return false, fmt.Errorf("password: range answer has an unknown form")
		}
		n, err := decimal(count, 1<<62)
		if err != nil && count != "0" {
			return false, fmt.Errorf("password: range answer: %w", err)
		}
		found = found || n > 0 && strings.EqualFold(got, suffix)
	}
	return found, lines.Err()
}
