package devicecode

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	// Life is how long a device waits (OA-63).
	Life = 15 * time.Minute
	// Interval is how often it may ask, and by how much it slows down when it
	// asks more often (RFC 8628 section 3.5).
	Interval = 5 * time.Second
	// early is how much sooner than told a poll may come: clocks and networks jitter.
	early = 500 * time.Millisecond
)

// State of an authorization.
type State string

const (
	Pending  State = "pending"
	Approval State = "approved"
	Refusal  State = "denied"
	Redeemed State = "redeemed"
)

// Authorization is one device that asks.
type Authorization struct {
	Digest        secret.Digest // of the device code
	UserCode      secret.Digest // MAC of the user code
	Client        string
	ClientVersion int64
	Scope         string
	Audiences     []string
	IP            string // where the device is
	UserAgent     string
	Place         string
	CreatedAt     time.Time
	ExpiresAt     time.Time
	Interval      time.Duration
	PolledAt      time.Time // zero: not yet
	State         State
	By            Approver // of an approved one
}

// Approver is who let the device in, as the session proves them.
type Approver struct {
	User        user.ID
	UserVersion int64
	Session     [16]byte
	Methods     []string
	ACR         string
	AuthTime    time.Time
}

// TooSoon reports whether a poll at now comes before the interval is over.
func (a Authorization) TooSoon(now time.Time) bool {
	return !a.PolledAt.IsZero() && now.Before(a.PolledAt.Add(a.Interval-early))
}

// NewUserCode mints what a person types: eight letters and digits that are hard
// to confuse, 40 bits, such as H4TW-9QKM.
func NewUserCode() string { return secret.Words(2).Reveal() }

const (
	letters    = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	userLength = 8
)

// ParseUserCode reads a user code however it was typed: case, spaces and hyphens
// do not matter. ok is false for what cannot be one.
func ParseUserCode(typed string) (code string, ok bool) {
	if len(typed) > 64 {
		return "", false
	}
	b := make([]byte, 0, userLength+1)
	for _, r := range typed {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		switch {
		case r == '-' || r == ' ':
			continue
		case r > 'Z' || !strings.ContainsRune(letters, r) || len(b) > userLength:
			return "", false
		}
		if len(b) == userLength/2 {
			b = append(b, '-')
		}
		b = append(b, byte(r))
	}
	return string(b), len(b) == userLength+1
}

// Keys makes the digest of user codes; package keyring is one.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// UserDigest is what is kept of a user code.
func UserDigest(k Keys, code string) secret.Digest { return k.MAC("device user code", []byte(code)) }
