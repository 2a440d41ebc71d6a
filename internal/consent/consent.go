package consent

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/user"
)

// MaxDetails bounds how many typed details are remembered; the oldest give way
// and are asked for again.
const MaxDetails = 32

// Consent is what one person lets one client do. Lists are in the order agreed to.
type Consent struct {
	User        user.ID
	UserVersion int64 // of the account, when it was given; not kept
	Client      string
	Scopes      []string
	Audiences   []string // APIs that its tokens may be for (RFC 8707)
	Details     []string // DigestOf each object of authorization_details (RFC 9396)
	CreatedAt   time.Time
	UpdatedAt   time.Time // when more was agreed to
}

// Covers reports whether all that is asked for was agreed to. Asking for nothing
// is covered by any consent, and by none by the zero Consent.
func (c Consent) Covers(scopes, audiences, details []string) bool {
	return c.Client != "" && within(scopes, c.Scopes) && within(audiences, c.Audiences) && within(details, c.Details)
}

func within(asked, agreed []string) bool {
	for _, one := range asked {
		if !slices.Contains(agreed, one) {
			return false
		}
	}
	return true
}

// With is c with all that more agrees to besides, at more's time.
func (c Consent) With(more Consent) Consent {
	c.Scopes = merged(c.Scopes, more.Scopes)
	c.Audiences = merged(c.Audiences, more.Audiences)
	c.Details = merged(c.Details, more.Details)
	if extra := len(c.Details) - MaxDetails; extra > 0 {
		c.Details = slices.Clone(c.Details[extra:])
	}
	c.UpdatedAt = more.UpdatedAt
	return c
}

func merged(old, more []string) []string {
	all := slices.Clone(old)
	for _, one := range more {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// DigestOf names one object of authorization_details by its exact bytes.
func DigestOf(object []byte) string {
	sum := sha256.Sum256(object)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
