package token

import (
	"crypto/hmac"
	"encoding/binary"
	"math"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Keys authenticates and derives; package keyring is one. MAC must be the same
// for the life of the instance.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// The layout of a refresh token: family, generation, secret, MAC.
const (
	secretSize  = 32
	macSize     = 16
	familyAt    = 0
	generatedAt = familyAt + len(ID{})
	secretAt    = generatedAt + 8
	macAt       = secretAt + secretSize
	refreshSize = macAt + macSize

	macPurpose = "refresh token"
)

// refreshToken is a refresh token taken apart.
type refreshToken struct {
	family     ID
	generation int64
	secret     [secretSize]byte
	text       secret.Credential
}

// newRefreshToken mints generation of a family.
func newRefreshToken(k Keys, family ID, generation int64) refreshToken {
	var s [secretSize]byte
	secret.Fill(s[:])
	return refreshTokenOf(k, family, generation, s)
}

// refreshTokenOf is the only spelling of a generation with this secret.
func refreshTokenOf(k Keys, family ID, generation int64, s [secretSize]byte) refreshToken {
	body := make([]byte, refreshSize)
	copy(body[familyAt:], family[:])
	binary.BigEndian.PutUint64(body[generatedAt:], uint64(generation))
	copy(body[secretAt:], s[:])
	mac := k.MAC(macPurpose, body[:macAt])
	copy(body[macAt:], mac[:macSize])
	return refreshToken{family, generation, s, secret.CredentialOf(secret.RefreshToken, body)}
}

// parseRefreshToken takes only what an instance with these keys has minted
// (TH-7). Whether it still is worth something only the row knows.
func parseRefreshToken(k Keys, text string) (refreshToken, bool) {
	c, err := secret.ParseCredential(secret.RefreshToken, text)
	if err != nil {
		return refreshToken{}, false
	}
	body := c.Body()
	if len(body) != refreshSize {
		return refreshToken{}, false
	}
	mac := k.MAC(macPurpose, body[:macAt])
	generation := binary.BigEndian.Uint64(body[generatedAt:])
	if !hmac.Equal(mac[:macSize], body[macAt:]) || generation == 0 || generation >= math.MaxInt64 {
		return refreshToken{}, false
	}
	return refreshToken{ID(body[familyAt:generatedAt]), int64(generation), [secretSize]byte(body[secretAt:macAt]), c}, true
}
