package federate

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
)

// Home is the connection that people with an identifier sign in by: that of the
// organisation which has verified the domain of the address. federation.ErrUnknown when
// there is none. Who has an account makes no difference: it is not asked.
func (f *Flow) Home(ctx context.Context, identifier string) (federation.Connection, error) {
	id, err := f.o.Read.Organizations().VerifiedBy(ctx, domainOf(identifier))
	if errors.Is(err, organization.ErrDomainUnknown) {
		return federation.Connection{}, federation.ErrUnknown
	}
	if err != nil {
		return federation.Connection{}, err
	}
	return f.o.Read.Federation().HomeOf(ctx, id)
}

// Homes reports whether any identifier has a Home.
func (f *Flow) Homes(ctx context.Context) (bool, error) { return f.o.Read.Federation().Homes(ctx) }

// owned are the domains that an organisation has verified, as of now: see Options.Domains.
func owned(read Tx) func(ctx context.Context, id string) ([]string, error) {
	return func(ctx context.Context, id string) (names []string, err error) {
		org, err := organization.ParseID(id)
		if err != nil {
			return nil, nil //nolint:nilerr // of no organisation
		}
		all, err := read.Organizations().DomainsOf(ctx, org)
		if errors.Is(err, organization.ErrUnknown) {
			return nil, nil
		}
		for _, d := range all {
			if d.Status == organization.Verified {
				names = append(names, d.Name)
			}
		}
		return names, err
	}
}
