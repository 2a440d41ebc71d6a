package passkey

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Purpose says which ceremony a challenge is for.
type Purpose string

const (
	Create  Purpose = "create"  // another passkey for an account
	Upgrade Purpose = "upgrade" // the silent one after a password sign-in
	SignUp  Purpose = "signup"  // the first one, of an account to be
	SignIn  Purpose = "signin"  // whoever it is
	Confirm Purpose = "confirm" // whoever is signed in
)

// life is how long a challenge can be answered (PW-50).
const life = 5 * time.Minute

// A challenge is a nonce, when it expires, whom it is about, and the MAC of these
// with the ceremony, the domain and the browser.
const (
	nonceSize     = 16
	expiryAt      = nonceSize
	subjectAt     = expiryAt + 8
	macAt         = subjectAt + 16
	challengeSize = macAt + sha256.Size
)

type challenge [challengeSize]byte

// Keys is what challenges and user handles need of keyring.Keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// challenge makes one for whoever has the browser or session that bound names.
func (c *Ceremonies) challenge(p Purpose, subject user.ID, bound string) string {
	var ch challenge
	secret.Fill(ch[:nonceSize])
	binary.BigEndian.PutUint64(ch[expiryAt:], uint64(c.o.Now().Add(life).Unix()))
	copy(ch[subjectAt:], subject[:])
	mac := c.mac(p, bound, ch[:macAt])
	copy(ch[macAt:], mac[:])
	return base64.RawURLEncoding.EncodeToString(ch[:])
}

func (c *Ceremonies) mac(p Purpose, bound string, head []byte) [32]byte {
	return c.o.Keys.MAC("passkey-challenge", c.o.Instance[:], []byte(p), []byte(c.o.Site.ID), []byte(bound), head)
}

// Once is a challenge that came back, to be used up: see Store.Spend.
type Once struct {
	Digest [32]byte
	Until  time.Time // to be remembered at least until then
}

// Spend uses up a challenge by itself. ErrChallenge when it was answered before.
func (c *Ceremonies) Spend(ctx context.Context, o Once) error {
	return c.o.Store.Spend(ctx, o.Digest, o.Until)
}

// open reads a challenge that came back, for whoever has to use it up, and returns
// whom it is about. ErrChallenge.
func (c *Ceremonies) open(p Purpose, text, bound string) (subject user.ID, o Once, err error) {
	var ch challenge
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(ch) || bound == "" {
		return subject, o, ErrChallenge
	}
	copy(ch[:], raw)
	mac := c.mac(p, bound, ch[:macAt])
	if subtle.ConstantTimeCompare(mac[:], ch[macAt:]) != 1 {
		return subject, o, ErrChallenge
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(ch[expiryAt:])), 0).UTC()
	if !c.o.Now().Before(until) {
		return subject, o, ErrChallenge
	}
	copy(subject[:], ch[subjectAt:])
	return subject, Once{sha256.Sum256(ch[:]), until.Add(time.Minute)}, nil
}
