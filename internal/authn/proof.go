package authn

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
)

// Refusals of a token that is bound to a key (RFC 9449, section 7). The answer to
// ErrNonce brings a nonce: Presented.Nonce. OAuth: invalid_dpop_proof, use_dpop_nonce.
var (
	ErrProof = problem.New(problem.Unauthenticated, "dpop_proof_refused", "The proof of possession in the DPoP header is missing, malformed, used before, or not for this request.")
	ErrNonce = problem.New(problem.Unauthenticated, "dpop_nonce_needed", "The proof of possession needs a nonce of this server. Repeat the request with the one in the DPoP-Nonce header.")
)

// Proofs checks proofs of possession; a *dpop.Checker is one.
type Proofs interface {
	Check(ctx context.Context, proofs []string, want dpop.Expect) (dpop.Checked, error)
	Use(ctx context.Context, p dpop.Checked, now time.Time) error
	Next(p dpop.Checked, now time.Time) string
}

// Presented is an access token as a request brings it. Method, URL and Proofs are
// looked at only for the scheme DPoP.
type Presented struct {
	Token  string
	DPoP   bool     // the scheme was DPoP, not Bearer
	Proofs []string // values of the DPoP headers
	Method string
	URL    string // as the client sees it: https://host/path

	Nonce string // set by the check, for the answer's DPoP-Nonce
}

var errScheme = errors.New("authn: a token that is not bound to a key, by the scheme DPoP")

// prove checks that whoever presents a token holds its key (OA-82).
func (a *Authenticator) prove(ctx context.Context, p *Presented, claims *jwt.Access) error {
	jkt := claims.DPoPKey()
	switch {
	case !claims.Bound():
		return ErrToken.Because(errScheme)
	case !p.DPoP || jkt == "" || a.proofs == nil:
		return ErrToken.Because(bearer.ErrBound)
	}
	now := a.o.Now()
	proof, err := a.proofs.Check(ctx, p.Proofs, dpop.Expect{Method: p.Method, URL: p.URL, Now: now, AccessToken: p.Token})
	if err != nil {
		return a.unproven(p, err)
	}
	if subtle.ConstantTimeCompare([]byte(proof.JKT), []byte(jkt)) != 1 {
		return ErrToken.Becausef("the proof is of the key %s", proof.JKT).Comparing(jkt, proof.JKT)
	}
	if err := a.proofs.Use(ctx, proof, now); err != nil {
		return a.unproven(p, err)
	}
	p.Nonce = a.proofs.Next(proof, now)
	return nil
}

func (a *Authenticator) unproven(p *Presented, err error) error {
	var due *dpop.NonceError
	switch {
	case errors.As(err, &due):
		p.Nonce = due.Nonce
		return ErrNonce.Because(err)
	case errors.Is(err, dpop.ErrBusy), problem.Of(err).Kind == problem.Unavailable:
		a.uncertain.Add(1)
		return session.ErrUncertain.Because(err).After(time.Second)
	}
	return ErrProof.Because(err)
}
