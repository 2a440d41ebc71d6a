package registry

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// asserted authenticates by a signature under one of the client's keys (OA-32).
// The assertion is used up by it.
func (r *Registry) asserted(ctx context.Context, c Credentials) (client.Client, error) {
	known, err := r.Client(ctx, c.ID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return client.Client{}, client.ErrCredentials.Because(err)
	case err != nil:
		return client.Client{}, err
	case known.Auth != c.Method:
		return client.Client{}, client.ErrCredentials.Becausef("method %s", known.Auth)
	case known.Disabled:
		return client.Client{}, client.ErrCredentials.Becausef("disabled")
	}
	a, err := r.check(ctx, known, c.Assertion.Reveal())
	if err != nil {
		return client.Client{}, client.ErrCredentials.Because(err)
	}
	err = r.o.Assertions.Remember(ctx, assertion.KeyOf(string(known.ID), a.ID), a.Until)
	switch {
	case errors.Is(err, assertion.ErrReplayed):
		return client.Client{}, client.ErrCredentials.Because(err)
	case err != nil:
		return client.Client{}, err
	}
	r.note(ctx, known, r.o.Now())
	return known, nil
}

func (r *Registry) check(ctx context.Context, c client.Client, text string) (a jwt.Assertion, err error) {
	want := jwt.ExpectAssertion{Client: string(c.ID), Issuer: r.o.Issuer, Older: c.AssertionAudiences, Now: r.o.Now()}
	err = r.WithKeys(ctx, c, func(keys jose.KeySet) (err error) {
		a, err = jwt.VerifyAssertion(text, keys.For(c.AssertionAlgorithms()), want)
		return err
	})
	return a, err
}
