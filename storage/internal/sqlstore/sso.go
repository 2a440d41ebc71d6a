package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/user"
)

// Require has the organisation's row to itself: of two the later one's list counts.
func (s organizations) Require(ctx context.Context, r organization.Requirement, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := s.hold(ctx, tx, r.Organization, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO organization_sso (organization_id, since) VALUES ($1, $2) ON CONFLICT (organization_id) DO NOTHING`, raw(r.Organization), at(r.Since))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM organization_break_glass WHERE organization_id = $1`, raw(r.Organization)); err != nil {
			return err
		}
		for _, id := range r.BreakGlass {
			n, err := tx.Exec(ctx, `INSERT INTO organization_break_glass (organization_id, user_id)
				SELECT organization_id, user_id FROM member_roles WHERE organization_id = $1 AND user_id = $2 AND role = $3`, raw(r.Organization), raw(id), organization.Owner)
			if err = exactly(n, err, organization.ErrBreakGlass); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s organizations) Relax(ctx context.Context, id organization.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM organization_sso WHERE organization_id = $1`, raw(id))
		return exactly(n, err, organization.ErrNotRequired)
	})
}

func (s organizations) Required(ctx context.Context, id organization.ID) (r organization.Requirement, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		r = organization.Requirement{Organization: id}
		if err := q.QueryRow(ctx, `SELECT since FROM organization_sso WHERE organization_id = $1`, raw(id)).Scan(timeOf{&r.Since}); err != nil {
			return otherwise(err, organization.ErrNotRequired)
		}
		r.BreakGlass, err = collect(ctx, q, scanUserID, `SELECT user_id FROM organization_break_glass WHERE organization_id = $1 ORDER BY user_id`, raw(id))
		return err
	})
	return r, err
}

// Bound compares addresses by their end: a domain has no letter that means anything
// to LIKE.
func (s organizations) Bound(ctx context.Context, owner user.ID) ([]organization.ID, error) {
	ids, err := many(ctx, s.e, scanID, `SELECT m.organization_id FROM members m JOIN organization_sso s ON s.organization_id = m.organization_id
		WHERE m.user_id = $1
		AND EXISTS (SELECT 1 FROM organization_domains d JOIN user_emails e ON e.key LIKE '%@' || d.name
			WHERE d.organization_id = m.organization_id AND d.status = 'verified' AND e.user_id = $1)
		AND NOT EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = $1 AND r.role = 'admin')
		AND NOT EXISTS (SELECT 1 FROM organization_break_glass b JOIN member_roles o ON o.organization_id = b.organization_id AND o.user_id = b.user_id
			WHERE b.organization_id = m.organization_id AND b.user_id = $1 AND o.role = 'owner')
		ORDER BY m.organization_id`, raw(owner))
	var out []organization.ID
	for _, id := range ids {
		out = append(out, id)
	}
	return out, err
}

func (s connections) HomeOf(ctx context.Context, organization [16]byte) (federation.Connection, error) {
	return one(ctx, s.e, federation.ErrUnknown, scanConnection, `SELECT `+connectionColumns+` FROM connections
		WHERE organization_id = $1 AND enabled = 1 ORDER BY name LIMIT 1`, raw(organization))
}

func (s connections) Homes(ctx context.Context) (bool, error) {
	n, err := one(ctx, s.e, nil, number, `SELECT COUNT(*) FROM (SELECT 1 FROM connections c WHERE c.enabled = 1 AND c.organization_id IS NOT NULL
		AND EXISTS (SELECT 1 FROM organization_domains d WHERE d.organization_id = c.organization_id AND d.status = 'verified') LIMIT 1) AS homes`)
	return n > 0, err
}

func (s connections) Elsewhere(ctx context.Context, owner user.ID, organization [16]byte, now time.Time, limit int) ([]federation.SessionID, error) {
	ids, err := many(ctx, s.e, scanID, `SELECT s.id FROM sessions s WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.lapses_at > $2 AND NOT EXISTS (
		SELECT 1 FROM session_links b JOIN links l ON l.id = b.link_id JOIN connections c ON c.id = l.connection_id
		WHERE b.session_id = s.id AND c.organization_id = $3) ORDER BY s.id LIMIT $4`, raw(owner), at(now), raw(organization), bounded(limit))
	var out []federation.SessionID
	for _, id := range ids {
		out = append(out, id)
	}
	return out, err
}

func (s connections) Cut(ctx context.Context, owner user.ID, id federation.LinkID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, federation.ErrLinkUnknown)
		}
		n, err := tx.Exec(ctx, `DELETE FROM links WHERE id = $1 AND user_id = $2`, raw(id), raw(owner))
		if err = exactly(n, err, federation.ErrLinkUnknown); err != nil {
			return err
		}
		return noTrust(ctx, tx, owner)
	})
}
