package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

type trusts set

const trustColumns = `d.id, d.user_id, d.digest, d.user_version, d.password_version, d.policy_revision, d.user_agent, d.ip, d.place,
	d.created_at, d.used_at, d.expires_at`

// trusted is the condition under which a row d still lets its owner pass.
const trusted = ` EXISTS (SELECT 1 FROM users u WHERE u.id = d.user_id AND u.state = 'active' AND u.version = d.user_version)
	AND (d.password_version <= 0 OR EXISTS (SELECT 1 FROM passwords w WHERE w.user_id = d.user_id AND w.version = d.password_version))
	AND EXISTS (SELECT 1 FROM signin_policy p WHERE p.revision = d.policy_revision AND p.remember > 0)`

func scanTrust(row Row) (d trust.Device, err error) {
	err = row.Scan(bytesOf(d.ID[:]), bytesOf(d.User[:]), bytesOf(d.Digest[:]), &d.UserVersion, &d.PasswordVersion, &d.PolicyRevision,
		&d.UserAgent, &d.IP, &d.Place, timeOf{&d.CreatedAt}, timeOf{&d.UsedAt}, timeOf{&d.ExpiresAt})
	return d, err
}

// Insert takes the account for itself, so that what ends its devices comes before or
// after (TH-1), and what it counts stays so.
func (s trusts) Insert(ctx context.Context, d trust.Device, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, d.User, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, trust.ErrBirth)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO trusted_devices (id, user_id, digest, user_version, password_version, policy_revision, user_agent, ip, place, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			raw(d.ID), raw(d.User), d.Digest[:], d.UserVersion, d.PasswordVersion, d.PolicyRevision, text(d.UserAgent), text(d.IP), text(d.Place),
			at(d.CreatedAt), at(d.ExpiresAt)); err != nil {
			return err
		}
		n, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM trusted_devices d WHERE d.id = $1 AND`+trusted, raw(d.ID)))
		if err = exactly(n, err, trust.ErrBirth); err != nil {
			return err
		}
		return tx.Queue(ctx, `DELETE FROM trusted_devices WHERE user_id = $1 AND id NOT IN (
			SELECT id FROM trusted_devices WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2)`, raw(d.User), trust.MaxPerPerson)
	})
}

func (s trusts) Of(ctx context.Context, owner user.ID, now time.Time) ([]trust.Device, error) {
	return many(ctx, s.e, scanTrust, `SELECT `+trustColumns+` FROM trusted_devices d WHERE d.user_id = $1 AND d.expires_at > $2 AND`+trusted+`
		ORDER BY d.created_at DESC, d.id DESC`, raw(owner), at(now))
}

func (s trusts) Use(ctx context.Context, owner user.ID, id trust.ID, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE trusted_devices AS d SET used_at = $3 WHERE d.id = $1 AND d.user_id = $2 AND d.expires_at > $3 AND`+trusted,
			raw(id), raw(owner), at(now))
		return exactly(n, err, trust.ErrUnknown)
	})
}

func (s trusts) Forget(ctx context.Context, owner user.ID, id trust.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM trusted_devices WHERE id = $1 AND user_id = $2`, raw(id), raw(owner))
		return exactly(n, err, trust.ErrUnknown)
	})
}

func (s trusts) ForgetAll(ctx context.Context, owner user.ID, ev audit.Event) (n int, err error) {
	err = change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		rows, err := tx.Exec(ctx, `DELETE FROM trusted_devices WHERE user_id = $1`, raw(owner))
		n = int(rows)
		return err
	})
	return n, err
}

func (s trusts) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM trusted_devices WHERE id IN (
		SELECT id FROM trusted_devices WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}

// otherFactors is part of every act that changes what an account can prove: no
// browser is remembered by what it proved before, and no guess counts against what
// was not there.
func otherFactors(ctx context.Context, tx Tx, owner user.ID) error {
	if err := noTrust(ctx, tx, owner); err != nil {
		return err
	}
	return tx.Queue(ctx, `DELETE FROM second_failures WHERE user_id = $1`, raw(owner))
}

// noTrust forgets every remembered device of an account.
func noTrust(ctx context.Context, tx Tx, owner user.ID) error {
	return tx.Queue(ctx, `DELETE FROM trusted_devices WHERE user_id = $1`, raw(owner))
}
