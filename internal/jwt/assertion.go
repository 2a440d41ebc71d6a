package jwt

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jose/strictjson"
)

// MaxAssertion is how far away the exp of an assertion may be. Common libraries say
// an hour.
const MaxAssertion = time.Hour

// ExpectAssertion is what an assertion must agree with. All but Older are required.
type ExpectAssertion struct {
	Client string
	Issuer string
	Older  []string // audiences admitted beside the issuer, for this client
	Now    time.Time
}

// Assertion is a client's proof of who it is (RFC 7523).
type Assertion struct {
	ID    string    // jti: to be remembered, so that it is taken once
	Until time.Time // it is worthless from here on
}

// VerifyAssertion checks an assertion but for its repetition: the signature by one
// of keys, which are those of the client for the algorithms it may use; its kind,
// parties, audience and times. The audience is the issuer alone, as a text: one for
// a token endpoint could have been made for an attacker's server that says it has
// ours (RFC 10070).
//
// Errors: those of jose.Verify, ErrClaims, ErrIssuer, ErrAudience, ErrExpired,
// ErrFar, ErrNotYet, ErrIssuedAt; ErrExpecting for a want that would not check.
func VerifyAssertion(text string, keys jose.Keys, want ExpectAssertion) (Assertion, error) {
	if want.Client == "" || want.Issuer == "" || want.Now.IsZero() {
		return Assertion{}, ErrExpecting
	}
	payload, err := verifyAs(text, TypeClient, keys)
	if err != nil {
		return Assertion{}, err
	}
	c, ok := parseAssertion(payload)
	if !ok || c.id == "" || !c.hasExpiry {
		return Assertion{}, ErrClaims
	}
	if c.issuer != want.Client || c.subject != want.Client {
		return Assertion{}, ErrIssuer
	}
	if !want.hears(c) {
		return Assertion{}, ErrAudience
	}
	if err := c.times(want.Now); err != nil {
		return Assertion{}, err
	}
	return Assertion{ID: c.id, Until: time.Unix(c.expiry, 0).Add(DefaultLeeway).UTC()}, nil
}

// verifyAs takes a kind and, from libraries older than its name, JWT or none.
func verifyAs(text, typ string, keys jose.Keys) (string, error) {
	payload, _, err := jose.VerifyText(text, typ, keys)
	if errors.Is(err, jose.ErrType) {
		payload, _, err = jose.VerifyText(text, TypeIDToken, keys)
	}
	return payload, err
}

// hears wants the issuer alone, as a text. A client with older audiences may send
// a list, of which nothing is unknown.
func (want ExpectAssertion) hears(c assertion) bool {
	if len(want.Older) == 0 {
		return !c.several && len(c.audience) == 1 && c.audience[0] == want.Issuer
	}
	known := func(a string) bool { return a == want.Issuer || slices.Contains(want.Older, a) }
	return len(c.audience) > 0 && !slices.ContainsFunc(c.audience, func(a string) bool { return !known(a) })
}

func (c assertion) times(now time.Time) error {
	expiry, late := time.Unix(c.expiry, 0), now.Add(DefaultLeeway)
	switch {
	case !now.Add(-DefaultLeeway).Before(expiry):
		return ErrExpired
	case expiry.After(late.Add(MaxAssertion)):
		return ErrFar
	case late.Before(time.Unix(c.notBefore, 0)):
		return ErrNotYet
	case late.Before(time.Unix(c.issuedAt, 0)):
		return ErrIssuedAt
	}
	return nil
}

// assertion is what is read of one.
type assertion struct {
	issuer, subject, id         string
	audience                    []string
	several                     bool // aud was a list, of whatever length
	hasExpiry                   bool
	expiry, issuedAt, notBefore int64
}

func parseAssertion(payload string) (c assertion, ok bool) {
	r := strictjson.New(payload)
	r.Object(func(name string) {
		switch name {
		case "iss":
			c.issuer = r.String()
		case "sub":
			c.subject = r.String()
		case "jti":
			c.id = r.String()
		case "aud":
			c.hear(&r)
		case "exp":
			c.hasExpiry, c.expiry = true, r.Date()
		case "iat":
			c.issuedAt = r.Date()
		case "nbf":
			c.notBefore = r.Date()
		default:
			r.Skip()
		}
	})
	return c, r.Close() == nil
}

func (c *assertion) hear(r *strictjson.Reader) {
	if c.several = r.Next() == '['; c.several {
		c.audience = r.AppendStrings(nil)
		return
	}
	c.audience = []string{r.String()}
}

// ClaimedClient is the client that an assertion says it is from. Nothing of it is
// checked: it tells whose limits to charge and whose keys to look up, and no more.
func ClaimedClient(text string) string {
	if len(text) > jose.MaxToken {
		return ""
	}
	_, rest, _ := strings.Cut(text, ".")
	encoded, _, _ := strings.Cut(rest, ".")
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	c, ok := parseAssertion(string(payload))
	if !ok {
		return ""
	}
	return c.subject
}
