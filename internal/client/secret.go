package client

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Secret is what is kept of a client secret.
type Secret struct {
	Digest    secret.Digest // zero: there is none
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Keys is what the package needs of a keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// NewSecret mints a secret, to be shown once.
func NewSecret() secret.Text {
	return secret.NewText(secret.NewCredential(secret.ClientSecret).Reveal())
}

const (
	minSecret   = 32
	maxSecret   = 256
	minDistinct = 10
)

// CheckSecret says ErrBadSecret about a chosen secret that could be guessed, or
// that some client could not send.
func CheckSecret(s secret.Text) error {
	text := s.Reveal()
	seen := map[byte]struct{}{}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return ErrBadSecret
		}
		seen[text[i]] = struct{}{}
	}
	if len(text) < minSecret || len(text) > maxSecret || len(seen) < minDistinct {
		return ErrBadSecret
	}
	// One that looks made by us and is not was cut or mistyped on its way.
	if strings.HasPrefix(text, "mrt_") {
		if _, err := secret.ParseCredential(secret.ClientSecret, text); err != nil {
			return ErrBadSecret.Because(err)
		}
	}
	return nil
}

// Digest is what may be kept of a client's secret. It is a MAC under a key that
// is not in the database, so a stolen dump is no list to guess against, and it
// names the client, so equal secrets of two clients do not show.
func Digest(k Keys, id ID, s secret.Text) secret.Digest {
	return k.MAC("client secret", []byte(id), []byte(s.Reveal()))
}

// Opens reports whether d is the digest of a secret that opens c at now. It
// always compares twice, in constant time (OA-7).
func (c Client) Opens(d secret.Digest, now time.Time) bool {
	current := c.Secret.Digest.Equal(d) && c.Secret.live(now)
	former := c.FormerSecret.Digest.Equal(d) && c.FormerSecret.live(now)
	return current || former
}

func (s Secret) live(now time.Time) bool {
	return !s.Digest.IsZero() && (s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt))
}
