package federate

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

// enter finds the account of who came back, makes it, or asks for it. Of two who are
// as fast as each other, in two tabs or by two services, the second finds what the
// first has made.
func (f *Flow) enter(ctx context.Context, r Return, out *Outcome) error {
	c, p := out.Connection, out.Person
	for range 3 {
		l, err := f.o.Read.Federation().Linked(ctx, c.ID, p.Issuer, p.Subject)
		if errors.Is(err, federation.ErrLinkUnknown) {
			l, err = f.create(ctx, r, c, p)
		} else if err == nil {
			err = f.update(ctx, r.By, c, l, p)
		}
		switch {
		case errors.Is(err, federation.ErrLinkTaken), errors.Is(err, user.ErrEmailTaken), errors.Is(err, user.ErrUnknown):
			continue // somebody was faster
		case errors.Is(err, errExists):
			// The account may have been made, link and all, since the link was looked for.
			if _, err := f.o.Read.Federation().Linked(ctx, c.ID, p.Issuer, p.Subject); err == nil {
				continue
			} else if !errors.Is(err, federation.ErrLinkUnknown) {
				return err
			}
			out.Pending = f.pend(c, p, attempt{Carry: out.Carry})
			return nil
		case err != nil:
			return err
		}
		out.Vouched = f.vouch(c, l, p)
		return nil
	}
	return federation.ErrAttempt.Becausef("others were faster, again and again")
}

// counts reports whether p's address says who they are here: the service vouches for
// it and, where the connection is an organisation's, the organisation owns its domain
// as of now (TH-40).
func (f *Flow) counts(ctx context.Context, c federation.Connection, p federation.Person) (bool, error) {
	if !p.Verified || c.Organization == "" {
		return p.Verified, nil
	}
	own, err := f.o.Domains(ctx, c.Organization)
	return slices.Contains(own, domainOf(p.Email)), err
}

// domainOf is the domain of an address as it is compared.
func domainOf(address string) string {
	key := user.EmailKey(address)
	return key[strings.LastIndexByte(key, '@')+1:]
}

// entitled is ErrNotMember when u may not be entered by c: an organisation's
// connection yields only its own people, whose address is of a domain that it owns
// now, and never somebody who administers the instance (TH-40).
func (f *Flow) entitled(ctx context.Context, c federation.Connection, p federation.Person, u user.User) error {
	if c.Organization == "" {
		return nil
	}
	counts, err := f.counts(ctx, c, p)
	if err != nil {
		return err
	}
	if !counts || slices.Contains(u.Roles, rbac.Admin) {
		return ErrNotMember
	}
	_, member, err := f.membership(ctx, f.o.Read, c, u.ID)
	if err == nil && !member {
		return ErrNotMember
	}
	return err
}

// membership is u's in the organisation that c is of.
func (f *Flow) membership(ctx context.Context, tx Tx, c federation.Connection, u user.ID) (organization.Membership, bool, error) {
	all, err := tx.Organizations().Of(ctx, u)
	i := slices.IndexFunc(all, func(m organization.Membership) bool { return m.Organization.String() == c.Organization })
	if err != nil || i < 0 {
		return organization.Membership{}, false, err
	}
	return all[i], true, nil
}
