package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/user"
)

type policies set

const policyColumns = `p.assurance, p.grace, p.remember, p.managed_by, p.revision, p.updated_at`

func policyFields(p *policy.Policy) []any {
	return []any{&p.Assurance, secondsOf{&p.Grace}, secondsOf{&p.Remember}, &p.ManagedBy, &p.Revision, timeOf{&p.UpdatedAt}}
}

func (s policies) Get(ctx context.Context) (policy.Policy, error) {
	scan := func(row Row) (p policy.Policy, err error) { return p, row.Scan(policyFields(&p)...) }
	return one(ctx, s.e, ErrNoRows, scan, `SELECT `+policyColumns+` FROM signin_policy p`)
}

func (s policies) Put(ctx context.Context, p policy.Policy, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE signin_policy SET assurance = $1, grace = $2, remember = $3, managed_by = $4, updated_at = $5, revision = revision + 1
			WHERE revision = $6 OR $6 <= 0`, p.Assurance, seconds(p.Grace), seconds(p.Remember), p.ManagedBy, at(p.UpdatedAt), p.Revision)
		if err = exactly(n, err, policy.ErrStale); err != nil {
			return err
		}
		return tx.Queue(ctx, `DELETE FROM trusted_devices`)
	})
}

func (s policies) Of(ctx context.Context, owner user.ID) (policy.Asked, error) {
	scan := func(row Row) (a policy.Asked, err error) {
		return a, row.Scan(append(policyFields(&a.Policy), &a.Role, timeOf{&a.Since})...)
	}
	return one(ctx, s.e, ErrNoRows, scan, `SELECT `+policyColumns+`,
		COALESCE((SELECT MAX(r.assurance) FROM roles r WHERE r.assurance > 0 AND (
			EXISTS (SELECT 1 FROM user_roles h WHERE h.user_id = $1 AND h.role = r.name)
			OR EXISTS (SELECT 1 FROM member_roles m WHERE m.user_id = $1 AND m.role = r.name))), 0),
		(SELECT since FROM signin_demands WHERE user_id = $1) FROM signin_policy p`, raw(owner))
}

func (s policies) Begin(ctx context.Context, owner user.ID, now time.Time) (since time.Time, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO signin_demands (user_id, since) SELECT id, $2 FROM users WHERE id = $1
			ON CONFLICT (user_id) DO NOTHING`, raw(owner), at(now)); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT since FROM signin_demands WHERE user_id = $1`, raw(owner)).Scan(timeOf{&since})
		return otherwise(err, user.ErrUnknown)
	})
	return since, err
}

func (s policies) Waive(ctx context.Context, owner user.ID) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM signin_demands WHERE user_id = $1`, raw(owner))
	})
}
