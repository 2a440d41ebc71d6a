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

// Links is what the federated method needs of federation.Store.
type Links interface {
	Linked(ctx context.Context, connection federation.ID, issuer, subject string) (federation.Link, error)
}

// FederatedMethod proves an account by a service that one of its links is with. Who
// they are was verified by the flow federate before; here the link counts as it is
// now.
type FederatedMethod struct {
	links Links
	now   func() time.Time
}

// NewFederated makes the federated method.
func NewFederated(l Links, now func() time.Time) *FederatedMethod { return &FederatedMethod{l, now} }

// Name implements Method.
func (*FederatedMethod) Name() string { return Federated }

// Factor implements Method. What it took over there is not ours to say, so here it
// stands for the least.
func (*FederatedMethod) Factor() Factor { return Knows }

// Answers implements Method.
func (*FederatedMethod) Answers(r Response) bool { return r.Federated != nil }

func (*FederatedMethod) Refusal() *problem.Error { return ErrFederated }

// Locate implements Locator.
func (m *FederatedMethod) Locate(ctx context.Context, r Response) (user.ID, error) {
	l, err := m.link(ctx, r)
	if errors.Is(err, federation.ErrLinkUnknown) {
		return l.User, user.ErrUnknown.Because(err)
	}
	return l.User, err
}

func (m *FederatedMethod) link(ctx context.Context, r Response) (federation.Link, error) {
	p := r.Federated.Person
	l, err := m.links.Linked(ctx, p.Connection, p.Issuer, p.Subject)
	if err == nil && l.ID != r.Federated.Link {
		return federation.Link{}, federation.ErrLinkUnknown // removed, and made anew by somebody
	}
	return l, err
}

// Finish implements Method.
func (m *FederatedMethod) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	l, err := m.link(ctx, r)
	switch {
	case errors.Is(err, federation.ErrLinkUnknown):
		return Proven{}, wrong(reasonLink)
	case err != nil:
		return Proven{}, err
	case l.User != a.Account.ID:
		return Proven{}, wrong(reasonLink)
	}
	v := r.Federated
	l.Email, l.Verified, l.Session, l.Tokens, l.Owns, l.UsedAt = v.Person.Email, v.Person.Verified, v.Person.Session, v.Tokens, v.Owns, m.now().UTC().Truncate(time.Microsecond)
	out := Proven{
		Assurance: v.Assurance,
		Origin:    &federation.Origin{Link: l.ID, Session: v.Person.Session, ACR: v.Person.ACR, AMR: v.Person.AMR},
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
		out.At = v.Person.AuthTime
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
