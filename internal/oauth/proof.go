package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/token"
)

// ProofReplayed is a proof of possession that came a second time (AU-5): who sent
// it may have copied it.
var ProofReplayed = audit.Define("dpop.replayed", audit.Warning, "")

// Refusals of RFC 9449. The answer to ErrNonce brings a nonce: a *dpop.NonceError is
// in its chain.
var (
	ErrProof = problem.New(problem.Invalid, "invalid_dpop_proof", "The proof of possession in the DPoP header is missing, malformed, used before, or not for this request.")
	ErrNonce = problem.New(problem.Invalid, "use_dpop_nonce", "The proof of possession needs a nonce of this server. Repeat the request with the one in the DPoP-Nonce header.")
	errBusy  = problem.New(problem.Unavailable, "dpop_busy", "Too many requests with proofs of possession come at once. Try again in a moment.")
)

// Proofs checks proofs of possession; a *dpop.Checker is one.
type Proofs interface {
	Check(ctx context.Context, proofs []string, want dpop.Expect) (dpop.Checked, error)
	Use(ctx context.Context, p dpop.Checked, now time.Time) error
	Next(p dpop.Checked, now time.Time) string
}

// Proven is the key that a request proved to hold.
type Proven struct {
	JKT   string // thumbprint; empty: the request had no proof, and needed none
	Nonce string // for the answer's DPoP-Nonce; empty: the client's will do
}

// Prove checks the DPoP headers of an authenticated client's POST to one of our
// paths, once (OA-80, OA-81, OA-83). A client registered for bound tokens must have
// one. ErrProof, ErrNonce, or that nobody can tell.
func (f *Flow) Prove(ctx context.Context, c client.Client, proofs []string, path string, from audit.Source) (Proven, error) {
	if len(proofs) == 0 {
		if mustProve(c) {
			return Proven{}, ErrProof.Becausef("client %s has bound tokens only", c.ID)
		}
		return Proven{}, nil
	}
	now := f.o.Now()
	p, err := f.o.Proofs.Check(ctx, proofs, dpop.Expect{Method: "POST", URL: f.o.Issuer + path, Now: now})
	if err == nil {
		err = f.o.Proofs.Use(ctx, p, now)
	}
	if errors.Is(err, dpop.ErrReplayed) {
		f.replayed(ctx, c, from)
	}
	if err != nil {
		return Proven{}, proofRefusal(err)
	}
	return Proven{JKT: p.JKT, Nonce: f.o.Proofs.Next(p, now)}, nil
}

func proofRefusal(err error) error {
	switch {
	case errors.Is(err, dpop.ErrNonce):
		return ErrNonce.Because(err)
	case errors.Is(err, dpop.ErrBusy):
		return errBusy.Because(err).After(time.Second)
	case problem.Of(err).Kind == problem.Unavailable:
		return err
	}
	return ErrProof.Because(err)
}

func (f *Flow) replayed(ctx context.Context, c client.Client, from audit.Source) {
	ev := audit.New(ProofReplayed, f.now(), audit.Actor{Type: audit.ActorClient, ID: string(c.ID)}, from, "").Failed(audit.Blocked, "invalid_dpop_proof")
	ev.Client = string(c.ID)
	if err := f.o.Record(ctx, ev); err != nil {
		f.o.Log.Warn("a replayed proof was not recorded", "error", err)
	}
}

// mustProve reports whether a client's tokens are bound to a key.
func mustProve(c client.Client) bool { return c.DPoPBound }

// sender is to whom a refresh token is bound: a client that proves who it is stays
// free to change its key; a public one is its key (RFC 9449, section 5; OA-85).
func (c *caller) sender() token.Sender {
	switch {
	case c.proven:
		return token.Sender{Kind: token.Client}
	case c.jkt != "":
		return token.Sender{Kind: token.DPoP, Key: c.jkt}
	}
	return token.Sender{Kind: token.Unproven}
}
