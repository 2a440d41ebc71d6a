package app

import (
	"context"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

func (a *App) rescueFlow() *rescue.Flow {
	return rescue.New(rescue.Options{
		Instance: a.facts.ID, Now: a.c.Now, Read: a.store,
		InTx: func(ctx context.Context, fn func(rescue.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Prover: prover{confirmer{a.SignIn}}, Hasher: a.hasher, Passwords: a.policy, Keys: a.keys, Passkeys: a.Passkeys,
		Rates: a.rates, Mailer: a.outbox, Log: a.c.Log, Phones: a.rescuePhones(), Issuer: a.c.Brand, Link: a.link,
	})
}

func (a *App) rescuePhones() *rescue.Phones {
	if a.c.Phones.Driver == "" {
		return nil
	}
	b, _ := a.c.Phones.budget() // checked with the configuration
	return &rescue.Phones{Keys: a.keys, Budget: b}
}

// prover tells how much a proof given for one act is worth.
type prover struct{ confirmer }

func (p prover) ConfirmFully(ctx context.Context, by user.Caller, given rescue.Proof) (int, error) {
	proven, err := p.flow.ConfirmFully(ctx, by, responseOf(by, account.Proof(given)))
	return max(proven.Assurance, 1), err
}
