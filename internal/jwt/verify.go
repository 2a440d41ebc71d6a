package jwt

import (
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// Clocks differ.
const (
	DefaultLeeway = 10 * time.Second
	MaxLeeway     = 60 * time.Second
)

// Expect is what a token must agree with.
type Expect struct {
	Issuer    string   // iss, byte for byte; required
	Audience  string   // what aud must name; required, here or in Audiences
	Audiences []string // further names of ours; any one will do
	// AnyAudience leaves aud to the caller, who must judge it at every use. It is
	// for the issuer alone, whose introspection answers for every audience.
	AnyAudience bool
	Now         time.Time     // required
	Leeway      time.Duration // DefaultLeeway if zero; at most MaxLeeway
}

// VerifyAccess checks an access token: its signature by one of keys, its kind, its
// issuer, audience and times. All that RFC 9068 requires must be there. It does not
// check the proof of a bound token, nor whether the token was revoked.
//
// Errors: those of jose.Verify, ErrClaims, ErrIssuer, ErrAudience, ErrExpired,
// ErrNotYet, ErrIssuedAt; ErrExpecting for a want that would not check.
func VerifyAccess(text string, keys jose.Keys, want Expect) (*Access, error) {
	a := new(Access)
	if err := a.Verify(text, keys, want); err != nil {
		return nil, err
	}
	return a, nil
}

// Verify is VerifyAccess into a, which must be zero and is worth nothing after an
// error.
func (a *Access) Verify(text string, keys jose.Keys, want Expect) error {
	if err := want.valid(); err != nil { // before any work
		return err
	}
	payload, kid, err := jose.VerifyText(text, TypeAccess, keys)
	if err != nil {
		return err
	}
	if err := a.parse(payload); err != nil {
		return err
	}
	if err := want.Check(a); err != nil {
		return err
	}
	a.KeyID = kid
	return nil
}

func (e *Expect) valid() error {
	if e.Issuer == "" || !e.AnyAudience && e.Audience == "" && len(e.Audiences) == 0 || e.Now.IsZero() || e.Leeway < 0 || e.Leeway > MaxLeeway {
		return ErrExpecting
	}
	return nil
}

// Check checks issuer, audience and times of claims whose signature is known to be
// good: those that were verified before. ErrIssuer, ErrAudience, ErrExpired, ErrNotYet,
// ErrIssuedAt, ErrExpecting.
func (e *Expect) Check(a *Access) error {
	if err := e.valid(); err != nil {
		return err
	}
	if a.Issuer != e.Issuer {
		return ErrIssuer
	}
	if !e.AnyAudience && !slices.ContainsFunc(a.Audience, e.isOurs) {
		return ErrAudience
	}
	return e.checkTimes(a)
}

func (e *Expect) isOurs(audience string) bool {
	return audience == e.Audience || slices.Contains(e.Audiences, audience)
}

func (e *Expect) checkTimes(a *Access) error {
	leeway := e.Leeway
	if leeway == 0 {
		leeway = DefaultLeeway
	}
	early, late := e.Now.Add(-leeway), e.Now.Add(leeway)
	switch {
	case !early.Before(time.Unix(a.Expiry, 0)):
		return ErrExpired
	case late.Before(time.Unix(a.NotBefore, 0)):
		return ErrNotYet
	case late.Before(time.Unix(a.IssuedAt, 0)):
		return ErrIssuedAt
	}
	return nil
}
