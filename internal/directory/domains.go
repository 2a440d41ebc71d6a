package directory

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Domain is a domain of an organisation with what its DNS must say.
type Domain struct {
	organization.Domain
	Record string // name of the TXT record
	Value  string // of that record
}

func (f *Flow) shownDomain(d organization.Domain) Domain {
	return Domain{d, organization.RecordName(d.Name), organization.RecordValue(f.domainToken(d.Organization, d.Name))}
}

// domainToken is the same for as long as the instance lives: a record that somebody
// left standing verifies nothing new, and it is of use to this organisation only.
func (f *Flow) domainToken(id organization.ID, name string) string {
	sum := f.o.Keys.MAC("organization.domain", id[:], []byte(name))
	return hex.EncodeToString(sum[:16])
}

func (f *Flow) domainEvent(by user.Caller, n audit.Name, id organization.ID, name string) audit.Event {
	return by.Event(n, f.now(), user.ID{}).With("organization", id.String()).With("domain", name)
}

// Domains returns the domains of an organisation.
func (f *Flow) Domains(ctx context.Context, by user.Caller, id organization.ID) ([]Domain, error) {
	if err := f.allow(ctx, by, "organizations.domains"); err != nil {
		return nil, err
	}
	all, err := f.o.Read.Organizations().DomainsOf(ctx, id)
	out := make([]Domain, len(all))
	for i, d := range all {
		out[i] = f.shownDomain(d)
	}
	return out, err
}

func (f *Flow) domain(ctx context.Context, id organization.ID, name string) (Domain, error) {
	all, err := f.o.Read.Organizations().DomainsOf(ctx, id)
	for _, d := range all {
		if d.Name == name {
			return f.shownDomain(d), nil
		}
	}
	if err == nil {
		err = organization.ErrDomainUnknown
	}
	return Domain{}, err
}

// AddDomain claims a domain for an organisation, which proves nothing yet. One that it
// has already is returned as it is.
func (f *Flow) AddDomain(ctx context.Context, by user.Caller, id organization.ID, name string) (Domain, error) {
	if err := f.allow(ctx, by, "organizations.domains.add"); err != nil {
		return Domain{}, err
	}
	err := f.o.InTx(ctx, func(tx Tx) error {
		o, err := tx.Organizations().ByID(ctx, id)
		if err != nil || slices.Contains(o.Domains, name) {
			return err
		}
		o.Domains = append(slices.Clone(o.Domains), name)
		if o, err = o.Clean(); err != nil {
			return err
		}
		o.UpdatedAt = f.now()
		return tx.Organizations().Update(ctx, o, f.domainEvent(by, organization.DomainAdded, id, name))
	})
	if err != nil {
		return Domain{}, err
	}
	return f.domain(ctx, id, name)
}

// RemoveDomain takes a domain from an organisation, and with it what it verified.
// organization.ErrDomainUnknown.
func (f *Flow) RemoveDomain(ctx context.Context, by user.Caller, id organization.ID, name string) error {
	if err := f.allow(ctx, by, "organizations.domains.remove"); err != nil {
		return err
	}
	return f.o.InTx(ctx, func(tx Tx) error {
		o, err := tx.Organizations().ByID(ctx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(o.Domains, name) {
			return organization.ErrDomainUnknown
		}
		o.Domains = slices.DeleteFunc(slices.Clone(o.Domains), func(d string) bool { return d == name })
		o.UpdatedAt = f.now()
		return tx.Organizations().Update(ctx, o, f.domainEvent(by, organization.DomainRemoved, id, name))
	})
}

// VerifyDomain looks for the record in a domain's DNS, and if it is there the domain is
// the organisation's. Accounts that have an address in it stay their people's. Where
// the organisation requires its own sign-in, sessions of its people that began
// otherwise end. organization.ErrDomainUnknown, ErrDomainRecord, ErrDomainDNS,
// ErrDomainTaken, ErrPublicDomain.
func (f *Flow) VerifyDomain(ctx context.Context, by user.Caller, id organization.ID, name string) (Domain, error) {
	if err := f.allow(ctx, by, "organizations.domains.verify"); err != nil {
		return Domain{}, err
	}
	if _, err := f.domain(ctx, id, name); err != nil {
		return Domain{}, err
	}
	if organization.Public(name) { // claimed before it was known to be one
		return Domain{}, organization.ErrPublicDomain
	}
	err := organization.Find(ctx, f.o.Resolver, name, f.domainToken(id, name))
	switch {
	case errors.Is(err, organization.ErrNoRecord):
		return Domain{}, organization.ErrDomainRecord
	case err != nil:
		return Domain{}, organization.ErrDomainDNS.Because(err)
	}
	if err := f.o.Read.Organizations().VerifyDomain(ctx, id, name, f.now(), f.domainEvent(by, organization.DomainVerified, id, name)); err != nil {
		return Domain{}, err
	}
	if err := f.endUnbound(ctx, by, id); err != nil {
		return Domain{}, err
	}
	return f.domain(ctx, id, name)
}

// RecheckDomains looks at the DNS of verified domains whose last look is longer ago
// than organization.CheckEvery, at most limit, and returns how many those were. Of two
// processes that look at one domain one notes it.
func (f *Flow) RecheckDomains(ctx context.Context, limit int) (int, error) {
	due, err := f.o.Read.Organizations().DomainsDue(ctx, f.now().Add(-organization.CheckEvery), limit)
	errs := []error{err}
	for _, d := range due {
		errs = append(errs, f.recheck(ctx, d))
	}
	return len(due), errors.Join(errs...)
}

func (f *Flow) recheck(ctx context.Context, d organization.Domain) error {
	err := organization.Find(ctx, f.o.Resolver, d.Name, f.domainToken(d.Organization, d.Name))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now := f.now()
	switch {
	case organization.Public(d.Name): // found out since
		err = organization.ErrNoRecord
		d.FailingSince = now.Add(-organization.Grace)
	case err == nil:
		d.FailingSince = time.Time{}
	case d.FailingSince.IsZero():
		d.FailingSince = now
	}
	return f.noted(ctx, d, err)
}

// noted keeps what a look at a domain found.
func (f *Flow) noted(ctx context.Context, d organization.Domain, found error) error {
	now := f.now()
	var err error
	if found != nil && d.Over(errors.Is(found, organization.ErrNoRecord), now) {
		err = f.o.Read.Organizations().LapseDomain(ctx, d, f.domainEvent(user.System(), organization.DomainLapsed, d.Organization, d.Name))
	} else {
		err = f.o.Read.Organizations().CheckDomain(ctx, d, now)
	}
	if errors.Is(err, organization.ErrDomainUnknown) {
		return nil // somebody else was faster, or it is claimed no more
	}
	return err
}

// SSO is what an organisation requires; organization.ErrNotRequired.
func (f *Flow) SSO(ctx context.Context, by user.Caller, id organization.ID) (organization.Requirement, error) {
	if err := f.allow(ctx, by, "organizations.sso"); err != nil {
		return organization.Requirement{}, err
	}
	return f.o.Read.Organizations().Required(ctx, id)
}

// RequireSSO binds the people of an organisation to its own sign-in, but for the owners
// named. Their sessions that began otherwise end. It may be repeated: what another
// process kept from ending ends then. organization.ErrNoHome, ErrBreakGlass.
func (f *Flow) RequireSSO(ctx context.Context, by user.Caller, id organization.ID, glass []user.ID) (organization.Requirement, error) {
	if err := f.allow(ctx, by, "organizations.sso.require"); err != nil {
		return organization.Requirement{}, err
	}
	glass = slices.Clone(glass)
	slices.SortFunc(glass, func(a, b user.ID) int { return slices.Compare(a[:], b[:]) })
	glass = slices.Compact(glass)
	if len(glass) == 0 || len(glass) > organization.MaxBreakGlass {
		return organization.Requirement{}, organization.ErrBreakGlass
	}
	now := f.now()
	err := f.o.InTx(ctx, func(tx Tx) error {
		if err := homed(ctx, tx, id); err != nil {
			return err
		}
		ev := by.Event(organization.SSORequired, now, user.ID{}).With("organization", id.String())
		return tx.Organizations().Require(ctx, organization.Requirement{Organization: id, BreakGlass: glass, Since: now}, ev)
	})
	if err != nil {
		return organization.Requirement{}, err
	}
	if err := f.endUnbound(ctx, by, id); err != nil {
		return organization.Requirement{}, err
	}
	return f.o.Read.Organizations().Required(ctx, id)
}

// homed is organization.ErrNoHome when nobody could sign in by what is required.
func homed(ctx context.Context, tx Tx, id organization.ID) error {
	all, err := tx.Organizations().DomainsOf(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(d organization.Domain) bool { return d.Status == organization.Verified }) {
		return organization.ErrNoHome
	}
	_, err = tx.Federation().HomeOf(ctx, id)
	if errors.Is(err, federation.ErrUnknown) {
		return organization.ErrNoHome
	}
	return err
}

// RelaxSSO ends what is required. organization.ErrNotRequired.
func (f *Flow) RelaxSSO(ctx context.Context, by user.Caller, id organization.ID) error {
	if err := f.allow(ctx, by, "organizations.sso.relax"); err != nil {
		return err
	}
	return f.o.Read.Organizations().Relax(ctx, id, by.Event(organization.SSORelaxed, f.now(), user.ID{}).With("organization", id.String()))
}

// endUnbound ends the sessions of an organisation's people that it requires to begin
// with its own sign-in and that did not. New ones are refused already.
func (f *Flow) endUnbound(ctx context.Context, by user.Caller, id organization.ID) error {
	if _, err := f.o.Read.Organizations().Required(ctx, id); err != nil {
		if errors.Is(err, organization.ErrNotRequired) {
			return nil
		}
		return err
	}
	const page = 100
	var after user.ID
	for {
		members, err := f.o.Read.Organizations().Members(ctx, id, after, page)
		if err != nil {
			return err
		}
		for _, m := range members {
			if err := f.endElsewhere(ctx, f.o.Read, by, id, m.User); err != nil {
				return err
			}
			after = m.User
		}
		if len(members) < page {
			return nil
		}
	}
}

func (f *Flow) endElsewhere(ctx context.Context, tx Tx, by user.Caller, id organization.ID, member user.ID) error {
	bound, err := tx.Organizations().Bound(ctx, member)
	if err != nil || !slices.Contains(bound, id) {
		return err
	}
	now := f.now()
	all, err := tx.Federation().Elsewhere(ctx, member, id, now, mostSessions)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := f.endSession(ctx, tx, by, member, session.ID(s), session.SSORequired); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) endSession(ctx context.Context, tx Tx, by user.Caller, owner user.ID, id session.ID, why session.Cause) error {
	now := f.now()
	err := tx.Sessions().End(ctx, owner, id, why, now, by.Event(session.RevokedEvent, now, owner).With("ended", id.String()).With("cause", string(why)))
	if errors.Is(err, session.ErrUnknown) {
		return nil // it ended by itself
	}
	return err
}
