package signin

import (
	"context"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Creations is what setting up a passkey needs of passkey.Ceremonies.
type Creations interface {
	Creation(p passkey.Purpose, who passkey.Person, bound string, have []passkey.Passkey) passkey.CreationOptions
	Register(ctx context.Context, p passkey.Purpose, bound string, answer []byte) (passkey.Passkey, error)
}

// EnrolPasskey sets up a passkey inside a sign-in.
type EnrolPasskey struct{ ceremonies Creations }

// NewEnrolPasskey makes it.
func NewEnrolPasskey(c Creations) *EnrolPasskey { return &EnrolPasskey{c} }

// Name implements Enroller.
func (*EnrolPasskey) Name() string { return passkeys }

// Offer implements Enroller. There are none that the authenticator could have made
// already: who has one is not asked to set one up.
func (m *EnrolPasskey) Offer(_ context.Context, a *Attempt, c challenge.Challenge, _ string) (Offer, error) {
	who := passkey.Person{ID: a.Account.ID, Address: a.Email.Address, Name: a.Account.Name}
	o := m.ceremonies.Creation(passkey.Create, who, enrolBound(c), nil)
	return Offer{Passkey: &o}, nil
}

func enrolBound(c challenge.Challenge) string { return "sign-in " + c.ID.String() }

// Enrol implements Enroller.
func (m *EnrolPasskey) Enrol(ctx context.Context, a *Attempt, c challenge.Challenge, in NewFactor) (Enrolled, error) {
	k, err := m.ceremonies.Register(ctx, passkey.Create, enrolBound(c), in.Passkey)
	if err != nil {
		return Enrolled{}, err
	}
	if k.User != a.Account.ID {
		return Enrolled{}, passkey.ErrChallenge
	}
	k.Name = passkey.Named(k, useragent.Describe(a.By.Source.UserAgent))
	spend := func(ctx context.Context, tx Tx) error {
		return tx.Passkeys().Insert(ctx, k, a.Account.Version, k.AddedBy(a.By))
	}
	return Enrolled{Proven: Proven{Methods: k.Methods(), Assurance: k.Assurance(), Spend: spend}, Name: k.Name}, nil
}
