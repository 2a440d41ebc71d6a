package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/organization"
)

const domainColumns = `organization_id, name, status, verified_at, checked_at, failing_since`

func scanDomain(row Row) (d organization.Domain, err error) {
	err = row.Scan(bytesOf(d.Organization[:]), &d.Name, nameOf[organization.Status]{&d.Status}, timeOf{&d.VerifiedAt}, timeOf{&d.CheckedAt}, timeOf{&d.FailingSince})
	return d, err
}

// DomainsOf lays what was verified over what is claimed.
func (s organizations) DomainsOf(ctx context.Context, id organization.ID) (out []organization.Domain, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		o, err := scanOrganization(q.QueryRow(ctx, `SELECT `+organizationColumns+` FROM organizations WHERE id = $1`, raw(id)))
		if err != nil {
			return otherwise(err, organization.ErrUnknown)
		}
		kept, err := collect(ctx, q, scanDomain, `SELECT `+domainColumns+` FROM organization_domains WHERE organization_id = $1`, raw(id))
		out = nil
		for _, name := range o.Domains {
			d := organization.Domain{Organization: id, Name: name, Status: organization.Claimed}
			if i := slices.IndexFunc(kept, func(k organization.Domain) bool { return k.Name == name }); i >= 0 {
				d = kept[i]
			}
			out = append(out, d)
		}
		return err
	})
	return out, err
}

// VerifyDomain has the organisation's row to itself, as changes of its list do.
func (s organizations) VerifyDomain(ctx context.Context, id organization.ID, name string, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		o, err := scanOrganization(tx.QueryRow(ctx, `SELECT `+organizationColumns+` FROM organizations WHERE id = $1 `+s.e.Dialect().ForUpdate, raw(id)))
		if err != nil {
			return otherwise(err, organization.ErrUnknown)
		}
		if !slices.Contains(o.Domains, name) {
			return organization.ErrDomainUnknown
		}
		_, err = tx.Exec(ctx, `INSERT INTO organization_domains (organization_id, name, status, verified_at, checked_at) VALUES ($1, $2, 'verified', $3, $3)
			ON CONFLICT (organization_id, name) DO UPDATE SET status = 'verified', verified_at = $3, checked_at = $3, failing_since = NULL`,
			raw(id), text(name), at(now))
		if errors.Is(err, ErrUnique) {
			return organization.ErrDomainTaken.Because(err)
		}
		return err
	})
}

// unclaim forgets what was verified of domains that an organisation claims no more.
func (s organizations) unclaim(ctx context.Context, tx Tx, id organization.ID, claimed []string) error {
	kept, err := collect(ctx, tx, scanName, `SELECT name FROM organization_domains WHERE organization_id = $1`, raw(id))
	if err != nil {
		return err
	}
	for _, name := range kept {
		if slices.Contains(claimed, name) {
			continue
		}
		if _, err := tx.Exec(ctx, `DELETE FROM organization_domains WHERE organization_id = $1 AND name = $2`, raw(id), text(name)); err != nil {
			return err
		}
	}
	return nil
}

func (s organizations) VerifiedBy(ctx context.Context, name string) (organization.ID, error) {
	id, err := one(ctx, s.e, organization.ErrDomainUnknown, scanID, `SELECT organization_id FROM organization_domains WHERE name = $1 AND status = 'verified'`, text(name))
	return organization.ID(id), err
}

func (s organizations) DomainsDue(ctx context.Context, before time.Time, limit int) ([]organization.Domain, error) {
	return many(ctx, s.e, scanDomain, `SELECT `+domainColumns+` FROM organization_domains
		WHERE status = 'verified' AND checked_at < $1 ORDER BY checked_at LIMIT $2`, at(before), bounded(limit))
}

func (s organizations) CheckDomain(ctx context.Context, d organization.Domain, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE organization_domains SET checked_at = $4, failing_since = $5
			WHERE organization_id = $1 AND name = $2 AND status = 'verified' AND checked_at = $3`,
			raw(d.Organization), text(d.Name), at(d.CheckedAt), at(now), at(d.FailingSince))
		return exactly(n, err, organization.ErrDomainUnknown)
	})
}

func (s organizations) LapseDomain(ctx context.Context, d organization.Domain, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE organization_domains SET status = 'lapsed' WHERE organization_id = $1 AND name = $2 AND status = 'verified' AND checked_at = $3`,
			raw(d.Organization), text(d.Name), at(d.CheckedAt))
		return exactly(n, err, organization.ErrDomainUnknown)
	})
}
