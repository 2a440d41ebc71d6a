package sqlstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

type policies set

// The policy of a new instance has the time 0: nobody has changed it.
const policyColumns = `p.assurance, p.grace, p.remember, p.managed_by, p.revision, NULLIF(p.updated_at, 0)`

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
		// Who is asked nothing any more begins anew when something is asked again.
		if err := tx.Queue(ctx, `DELETE FROM signin_demands WHERE NOT`+askedOf("signin_demands")); err != nil {
			return err
		}
		return tx.Queue(ctx, `DELETE FROM trusted_devices`)
	})
}

func (s policies) Of(ctx context.Context, owner user.ID) (policy.Asked, error) {
	scan := func(row Row) (a policy.Asked, err error) {
		return a, row.Scan(append(policyFields(&a.Policy), &a.Role, timeOf{&a.Since}, &a.Equipped)...)
	}
	return one(ctx, s.e, ErrNoRows, scan, `SELECT `+policyColumns+`,
		COALESCE((SELECT MAX(r.assurance) FROM roles r WHERE r.assurance > 0 AND (
			EXISTS (SELECT 1 FROM user_roles h WHERE h.user_id = $1 AND h.role = r.name)
			OR EXISTS (SELECT 1 FROM member_roles m WHERE m.user_id = $1 AND m.role = r.name))), 0),
		(SELECT since FROM signin_demands WHERE user_id = $1), `+equipped+` FROM signin_policy p`, raw(owner))
}

// equipped is whether the account $1 has a factor that may follow another one.
const equipped = ` (EXISTS (SELECT 1 FROM passkeys WHERE user_id = $1)
	OR EXISTS (SELECT 1 FROM totp_devices WHERE user_id = $1 AND confirmed_at IS NOT NULL)
	OR EXISTS (SELECT 1 FROM phones WHERE user_id = $1 AND confirmed_at IS NOT NULL)
	OR EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL))`

func (s policies) Begin(ctx context.Context, owner user.ID, now time.Time) (since time.Time, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, begin, raw(owner), at(now)); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT since FROM signin_demands WHERE user_id = $1`, raw(owner)).Scan(timeOf{&since})
		return otherwise(err, user.ErrUnknown)
	})
	return since, err
}

// askedOf is whether the account whose rows of that table these are is asked for more
// than one factor.
func askedOf(table string) string {
	return ` (EXISTS (SELECT 1 FROM signin_policy WHERE assurance > 1) OR EXISTS (SELECT 1 FROM roles r WHERE r.assurance > 1 AND (
		EXISTS (SELECT 1 FROM user_roles h WHERE h.user_id = ` + table + `.user_id AND h.role = r.name)
		OR EXISTS (SELECT 1 FROM member_roles m WHERE m.user_id = ` + table + `.user_id AND m.role = r.name))))`
}

// The first time counts.
const (
	begin   = `INSERT INTO signin_demands (user_id, since) SELECT id, $2 FROM users WHERE id = $1 ON CONFLICT (user_id) DO NOTHING`
	beginOf = `INSERT INTO signin_demands (user_id, since) SELECT user_id, $2 FROM grants WHERE id = $1 ON CONFLICT (user_id) DO NOTHING`
)

// ofHolders are the sessions of accounts of whom a role asks for more than one factor.
const ofHolders = ` AND s.user_id IN (
	SELECT h.user_id FROM user_roles h WHERE h.role IN (SELECT name FROM roles WHERE assurance > 1)
	UNION SELECT m.user_id FROM member_roles m WHERE m.role IN (SELECT name FROM roles WHERE assurance > 1))`

// Enforce looks at sessions only where something asks for more at all, and where only
// roles do, only at those of who has one.
func (s policies) Enforce(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		n = 0
		var everybody, roles int64
		err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM signin_policy WHERE assurance > 1), (SELECT count(*) FROM roles WHERE assurance > 1)`).Scan(&everybody, &roles)
		if err != nil || everybody+roles == 0 {
			return err
		}
		asked := ofHolders
		if everybody > 0 {
			asked = ""
		}
		if _, err := tx.Exec(ctx, `INSERT INTO signin_demands (user_id, since) SELECT DISTINCT s.user_id, CAST($1 AS BIGINT) FROM sessions s
			WHERE s.ended_at IS NULL AND s.assurance < 2 AND s.lapses_at > $1`+asked+`
			AND NOT EXISTS (SELECT 1 FROM signin_demands d WHERE d.user_id = s.user_id) LIMIT $2
			ON CONFLICT (user_id) DO NOTHING`, at(now), limit); err != nil {
			return err
		}
		weak, err := collect(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM sessions s
			JOIN signin_demands d ON d.user_id = s.user_id CROSS JOIN signin_policy p
			WHERE s.ended_at IS NULL AND s.assurance < 2 AND s.lapses_at > $1 AND d.since + p.grace * 1000000 <= $1
			AND s.authenticated_at < d.since + p.grace * 1000000`+asked+` LIMIT $2`, at(now), limit)
		if err != nil {
			return err
		}
		slices.SortFunc(weak, func(a, b session.Session) int { return bytes.Compare(a.User[:], b.User[:]) }) // accounts are locked in one order
		for _, v := range weak {
			if err := endOne(ctx, tx, v.User, v.ID, session.PolicyAsked, now); err != nil {
				return err
			}
			ev := user.System().Event(session.RevokedEvent, now, v.User).InSession(v.ID.String()).With("cause", string(session.PolicyAsked))
			if err := record(ctx, tx, ev); err != nil {
				return err
			}
		}
		n = len(weak)
		return nil
	})
	return n, err
}

func (s policies) Waive(ctx context.Context, owner user.ID) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM signin_demands WHERE user_id = $1`, raw(owner))
	})
}
