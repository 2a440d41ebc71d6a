package dpop

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jose/strictjson"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Bounds.
const (
	MaxProof = 8 << 10          // bytes of a proof
	MaxID    = 512              // bytes of its jti
	Window   = 60 * time.Second // how far iat may be from our clock, either way
)

// Algorithms are those a proof may be signed with.
func Algorithms() []jose.Algorithm {
	return []jose.Algorithm{jose.ES256, jose.EdDSA, jose.PS256}
}

// Proof is what a checked proof says.
type Proof struct {
	JKT      string // RFC 7638 SHA-256 thumbprint of the key
	ID       string // jti
	URL      string // htu, as the client wrote it
	IssuedAt time.Time
	Nonce    string // as the client sent it; empty: none
}

// Expect is what a proof must agree with. All but AccessToken and Algorithms are
// required.
type Expect struct {
	Method string // of the request
	// URL of the request as its client sees it: https://host/path. A query or a
	// fragment is ignored.
	URL         string
	Now         time.Time
	AccessToken string           // what the request presents; empty: no ath is looked for
	Algorithms  []jose.Algorithm // nil: Algorithms()
}

// Verify checks the values of a request's DPoP headers, of which there must be
// exactly one, by RFC 9449, 4.3, but for its nonce and for whether it is new
// (Checker does both). Proof.JKT must still be compared with what is bound.
//
// Errors: ErrNone, ErrSeveral, ErrTooLarge, ErrSignature, ErrClaims, ErrMethod,
// ErrURL, ErrTime, ErrToken.
func Verify(proofs []string, want Expect) (Proof, error) {
	switch {
	case len(proofs) == 0:
		return Proof{}, ErrNone
	case len(proofs) > 1:
		return Proof{}, ErrSeveral
	case len(proofs[0]) > MaxProof:
		return Proof{}, ErrTooLarge
	}
	algs := want.Algorithms
	if algs == nil {
		algs = Algorithms()
	}
	payload, key, err := jose.VerifyEmbedded(proofs[0], jwt.TypeDPoP, algs...)
	if err != nil {
		return Proof{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	c, err := parse(payload)
	if err != nil {
		return Proof{}, err
	}
	if err := c.check(&want); err != nil {
		return Proof{}, err
	}
	return Proof{JKT: key.ID(), ID: c.id, URL: c.url, IssuedAt: time.Unix(c.issued, 0).UTC(), Nonce: c.nonce}, nil
}

// claims of a proof, read and not yet believed.
type claims struct {
	id, method, url, token, nonce       string
	issued, expires, notBefore          int64
	hasIssued, hasExpiry, hasStart, ath bool
}

func parse(payload string) (c claims, err error) {
	r := strictjson.New(payload)
	r.Object(func(name string) {
		switch name {
		case "jti":
			c.id = r.String()
		case "htm":
			c.method = r.String()
		case "htu":
			c.url = r.String()
		case "iat":
			c.issued, c.hasIssued = r.Date(), true
		case "exp":
			c.expires, c.hasExpiry = r.Date(), true
		case "nbf":
			c.notBefore, c.hasStart = r.Date(), true
		case "ath":
			c.token, c.ath = r.String(), true
		case "nonce":
			c.nonce = r.String()
		default:
			r.Skip()
		}
	})
	if r.Close() != nil || c.id == "" || len(c.id) > MaxID || c.method == "" || c.url == "" || !c.hasIssued {
		return c, ErrClaims
	}
	return c, nil
}

func (c *claims) check(want *Expect) error {
	switch {
	case want.Method == "" || c.method != want.Method:
		return ErrMethod
	case !SameURL(c.url, want.URL):
		return ErrURL
	case !c.timely(want.Now):
		return ErrTime
	case want.AccessToken != "" && !c.isFor(want.AccessToken):
		return ErrToken
	}
	return nil
}

// timely reports whether the proof was made now. exp and nbf need not be there;
// where they are they hold, with the same allowance for clocks.
func (c *claims) timely(now time.Time) bool {
	from, to := now.Add(-Window).Unix(), now.Add(Window).Unix()
	return c.issued >= from && c.issued <= to && (!c.hasExpiry || c.expires >= from) && (!c.hasStart || c.notBefore <= to)
}

func (c *claims) isFor(token string) bool {
	sum := sha256.Sum256([]byte(token))
	var ath [43]byte
	base64.RawURLEncoding.Encode(ath[:], sum[:])
	return c.ath && subtle.ConstantTimeCompare([]byte(c.token), ath[:]) == 1
}
