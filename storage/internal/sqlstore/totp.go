package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

type totps set

const totpColumns = `id, user_id, name, secret, last_step, created_at, confirmed_at, used_at`

func scanTOTP(row Row) (d totp.Device, err error) {
	err = row.Scan(bytesOf(d.ID[:]), bytesOf(d.User[:]), &d.Name, &d.Secret, &d.LastStep, timeOf{&d.CreatedAt}, timeOf{&d.ConfirmedAt}, timeOf{&d.UsedAt})
	return d, err
}

func (s totps) Begin(ctx context.Context, d totp.Device) error {
	return s.e.Write(ctx, func(tx Tx) error {
		if err := lock(ctx, tx, d.User, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM totp_devices WHERE user_id = $1 AND confirmed_at IS NULL`, raw(d.User)); err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO totp_devices (`+totpColumns+`) VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL)`,
			raw(d.ID), raw(d.User), text(d.Name), d.Secret, d.LastStep, at(d.CreatedAt))
	})
}

func (s totps) Pending(ctx context.Context, owner user.ID, id totp.ID, since time.Time) (totp.Device, error) {
	return one(ctx, s.e, totp.ErrPending, scanTOTP, `SELECT `+totpColumns+` FROM totp_devices
		WHERE id = $1 AND user_id = $2 AND confirmed_at IS NULL AND created_at > $3`, raw(id), raw(owner), at(since))
}

// Confirm waits for births of the account, and they for it (TH-1).
func (s totps) Confirm(ctx context.Context, owner user.ID, id totp.ID, step int64, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		var have int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM totp_devices WHERE user_id = $1 AND confirmed_at IS NOT NULL`, raw(owner)).Scan(&have)
		if err == nil && have >= totp.MaxDevices {
			err = totp.ErrTooMany
		}
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE totp_devices SET confirmed_at = $4, last_step = $3
			WHERE id = $1 AND user_id = $2 AND confirmed_at IS NULL AND created_at > $5`,
			raw(id), raw(owner), step, at(now), at(now.Add(-totp.PendingLife)))
		if err = exactly(n, err, totp.ErrPending); err != nil {
			return err
		}
		return otherFactors(ctx, tx, owner)
	})
}

func (s totps) Of(ctx context.Context, owner user.ID) ([]totp.Device, error) {
	return many(ctx, s.e, scanTOTP, `SELECT `+totpColumns+` FROM totp_devices
		WHERE user_id = $1 AND confirmed_at IS NOT NULL ORDER BY id`, raw(owner))
}

func (s totps) Use(ctx context.Context, owner user.ID, id totp.ID, step int64, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE totp_devices SET last_step = $3, used_at = $4
			WHERE id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL AND last_step < $3`, raw(id), raw(owner), step, at(now))
		return exactly(n, err, totp.ErrReplayed)
	})
}

func (s totps) Rename(ctx context.Context, owner user.ID, id totp.ID, name string, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE totp_devices SET name = $3 WHERE id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL`, raw(id), raw(owner), text(name))
		return exactly(n, err, totp.ErrUnknown)
	})
}

func (s totps) Remove(ctx context.Context, owner user.ID, id totp.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM totp_devices WHERE id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL`, raw(id), raw(owner))
		if err = exactly(n, err, totp.ErrUnknown); err != nil {
			return err
		}
		return otherFactors(ctx, tx, owner)
	})
}

func (s totps) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM totp_devices WHERE id IN (
		SELECT id FROM totp_devices WHERE confirmed_at IS NULL AND created_at < $1 ORDER BY created_at LIMIT $2)`, at(before), limit)
}
