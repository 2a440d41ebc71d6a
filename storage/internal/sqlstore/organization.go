package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

type organizations set

const organizationColumns = `id, slug, name, domains, managed_by, revision, created_at, updated_at`

func scanOrganization(row Row) (o organization.Organization, err error) {
	err = row.Scan(bytesOf(o.ID[:]), &o.Slug, &o.Name, listOf{&o.Domains}, &o.ManagedBy, &o.Revision, timeOf{&o.CreatedAt}, timeOf{&o.UpdatedAt})
	return o, err
}

// Create counts revisions from 1.
func (s organizations) Create(ctx context.Context, o organization.Organization, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO organizations (`+organizationColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (slug) DO NOTHING`,
			raw(o.ID), o.Slug, o.Name, words(o.Domains), o.ManagedBy, max(o.Revision, 1), at(o.CreatedAt), at(o.UpdatedAt))
		return exactly(n, err, organization.ErrSlugTaken)
	})
}

func (s organizations) Update(ctx context.Context, o organization.Organization, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE organizations SET slug = $2, name = $3, domains = $4, managed_by = $5, revision = revision + 1, updated_at = $6
			WHERE id = $1`, raw(o.ID), o.Slug, o.Name, words(o.Domains), o.ManagedBy, at(o.UpdatedAt))
		if errors.Is(err, ErrUnique) {
			return organization.ErrSlugTaken.Because(err)
		}
		if err = exactly(n, err, organization.ErrUnknown); err != nil {
			return err
		}
		if err := s.unclaim(ctx, tx, o.ID, o.Domains); err != nil {
			return err
		}
		return s.refresh(ctx, tx, o.ID, false, o.UpdatedAt)
	})
}

func (s organizations) Delete(ctx context.Context, id organization.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := s.hold(ctx, tx, id, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		if err := s.refresh(ctx, tx, id, true, now); err != nil {
			return err
		}
		connections, err := collect(ctx, tx, scanID, `SELECT id FROM connections WHERE organization_id = $1`, raw(id))
		if err != nil {
			return err
		}
		for _, connection := range connections {
			if err := endBegan(ctx, tx, connection, now); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `DELETE FROM organizations WHERE id = $1`, raw(id))
		return err
	})
}

// hold locks the organisation's row to the end of the act.
func (s organizations) hold(ctx context.Context, tx Tx, id organization.ID, how string) error {
	_, err := number(tx.QueryRow(ctx, `SELECT revision FROM organizations WHERE id = $1 `+how, raw(id)))
	return otherwise(err, organization.ErrUnknown)
}

func (s organizations) refresh(ctx context.Context, tx Tx, id organization.ID, lost bool, now time.Time) error {
	return refresh(ctx, tx, lost, now, `SELECT user_id FROM members WHERE organization_id = $1 LIMIT $2`, raw(id))
}

func (s organizations) ByID(ctx context.Context, id organization.ID) (organization.Organization, error) {
	return one(ctx, s.e, organization.ErrUnknown, scanOrganization, `SELECT `+organizationColumns+` FROM organizations WHERE id = $1`, raw(id))
}

func (s organizations) BySlug(ctx context.Context, slug string) (organization.Organization, error) {
	return one(ctx, s.e, organization.ErrUnknown, scanOrganization, `SELECT `+organizationColumns+` FROM organizations WHERE slug = $1`, text(slug))
}

func (s organizations) List(ctx context.Context, after organization.ID, limit int) ([]organization.Organization, error) {
	return many(ctx, s.e, scanOrganization, `SELECT `+organizationColumns+` FROM organizations WHERE id > $1 ORDER BY id LIMIT $2`, raw(after), bounded(limit))
}

// SetMember keeps the day an account joined.
func (s organizations) SetMember(ctx context.Context, m organization.Membership, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, m.User, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		if err := s.hold(ctx, tx, m.Organization, s.e.Dialect().ForShare); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO members (organization_id, user_id, joined_at) VALUES ($1, $2, $3) ON CONFLICT (organization_id, user_id) DO NOTHING`,
			raw(m.Organization), raw(m.User), at(m.JoinedAt))
		if err != nil {
			return err
		}
		held, err := s.replaceRoles(ctx, tx, m)
		if err != nil {
			return err
		}
		return refreshEach(ctx, tx, lost(held, m.Roles), ev.Time, [][16]byte{m.User})
	})
}

// replaceRoles returns the roles held before.
func (s organizations) replaceRoles(ctx context.Context, tx Tx, m organization.Membership) (held []string, err error) {
	held, err = collect(ctx, tx, scanName, `DELETE FROM member_roles WHERE organization_id = $1 AND user_id = $2 RETURNING role`,
		raw(m.Organization), raw(m.User))
	if err != nil {
		return nil, err
	}
	for _, name := range unique(m.Roles) {
		n, err := tx.Exec(ctx, `INSERT INTO member_roles (organization_id, user_id, role) SELECT $1, $2, name FROM roles WHERE name = $3 `+s.e.Dialect().ForShare,
			raw(m.Organization), raw(m.User), text(name))
		if err = exactly(n, err, rbac.ErrUnknown); err != nil {
			return nil, err
		}
	}
	return held, nil
}

func (s organizations) RemoveMember(ctx context.Context, org organization.ID, member user.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM members WHERE organization_id = $1 AND user_id = $2`, raw(org), raw(member))
		if err = exactly(n, err, organization.ErrNotMember); err != nil {
			return err
		}
		return demote(ctx, tx, member, now)
	})
}

const membershipQuery = `SELECT m.organization_id, o.slug, o.name, m.user_id, m.joined_at,
	(SELECT string_agg(r.role, ' ') FROM member_roles r WHERE r.organization_id = m.organization_id AND r.user_id = m.user_id)
	FROM members m JOIN organizations o ON o.id = m.organization_id `

func scanMembership(row Row) (m organization.Membership, err error) {
	err = row.Scan(bytesOf(m.Organization[:]), &m.Slug, &m.Name, bytesOf(m.User[:]), timeOf{&m.JoinedAt}, namesOf{&m.Roles})
	return m, err
}

func (s organizations) Members(ctx context.Context, org organization.ID, after user.ID, limit int) ([]organization.Membership, error) {
	return many(ctx, s.e, scanMembership, membershipQuery+`WHERE m.organization_id = $1 AND m.user_id > $2 ORDER BY m.user_id LIMIT $3`,
		raw(org), raw(after), bounded(limit))
}

func (s organizations) Of(ctx context.Context, member user.ID) ([]organization.Membership, error) {
	return many(ctx, s.e, scanMembership, membershipQuery+`WHERE m.user_id = $1 ORDER BY o.slug`, raw(member))
}
