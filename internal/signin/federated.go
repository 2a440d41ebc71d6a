package signin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// ErrFederated is ErrWrong for who came by another service: the link was removed, the
// account may not act, or it changed in the meantime.
var ErrFederated = problem.New(problem.Unauthenticated, "federated_wrong", "That sign-in does not open an account here right now. Try again, or sign in another way.")

// Federated is what sessions call a sign-in by another service, unless the account
// proved more here.
const Federated = "fed"

// FederatedMethod proves an account by a service that one of its links is with. Who
// they are was verified by the flow federate before, which found the link; it counts
// as it is at the birth.
type FederatedMethod struct{ now func() time.Time }

// NewFederated makes the federated method.
func NewFederated(now func() time.Time) *FederatedMethod { return &FederatedMethod{now} }

// Name implements Method.
func (*FederatedMethod) Name() string { return Federated }

// Factor implements Method. What it took over there is not ours to say, so here it
// stands for the least.
func (*FederatedMethod) Factor() Factor { return Knows }

// Answers implements Method.
func (*FederatedMethod) Answers(r Response) bool { return r.Federated != nil }

func (*FederatedMethod) Refusal() *problem.Error { return ErrFederated }

// Locate implements Locator.
func (*FederatedMethod) Locate(_ context.Context, r Response) (user.ID, error) {
	if r.Federated.Owner.IsZero() {
		return user.ID{}, user.ErrUnknown
	}
	return r.Federated.Owner, nil
}

// Finish implements Method. That the link is still there, and theirs, is a condition
// of the birth.
func (m *FederatedMethod) Finish(_ context.Context, a *Attempt, r Response) (Proven, error) {
	v := r.Federated
	if v.Owner.IsZero() || v.Owner != a.Account.ID {
		return Proven{}, wrong(reasonLink)
	}
	p := v.Person
	l := federation.Link{
		ID: v.Link, Connection: p.Connection, Issuer: p.Issuer, Subject: p.Subject, User: v.Owner,
		Email: p.Email, Verified: p.Verified, Session: p.Session, Tokens: v.Tokens, Owns: v.Owns, UsedAt: m.now().UTC().Truncate(time.Microsecond),
	}
	out := Proven{
		Assurance: v.Assurance,
		Origin:    &federation.Origin{Link: l.ID, Session: p.Session, ACR: p.ACR, AMR: p.AMR},
		// Removed meanwhile: nothing is born of it (TH-1).
		Spend: func(ctx context.Context, tx Tx) error {
			err := tx.Federation().Use(ctx, l)
			if errors.Is(err, federation.ErrLinkUnknown) {
				return wrong(reasonLink)
			}
			return err
		},
	}
	if v.Assurance > 1 {
		out.Methods = []string{Federated, multiple}
	}
	if !v.Anew { // somebody who was signed in over there proved nothing just now
		out.At = p.AuthTime
	}
	return out, nil
}

// written is how a challenge keeps what its session will begin with.
func written(o *federation.Origin) string {
	if o == nil {
		return ""
	}
	b, err := json.Marshal(o)
	if err != nil {
		return "" // an id and texts always marshal
	}
	return string(b)
}

func readOrigin(text string) *federation.Origin {
	var o federation.Origin
	if text == "" || json.Unmarshal([]byte(text), &o) != nil {
		return nil
	}
	return &o
}
