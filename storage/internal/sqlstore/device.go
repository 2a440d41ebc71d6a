package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/secret"
)

type deviceCodes set

const deviceColumns = `digest, user_code, client_id, client_version, scope, audiences, ip, user_agent, place, created_at, expires_at, poll_interval, polled_at,
	state, user_id, COALESCE(user_version, 0), session_id, COALESCE(methods, '[]'), COALESCE(acr, ''), authenticated_at`

func scanDevice(row Row) (a devicecode.Authorization, err error) {
	var interval int64
	var state string
	err = row.Scan(bytesOf(a.Digest[:]), bytesOf(a.UserCode[:]), &a.Client, &a.ClientVersion, &a.Scope, listOf{&a.Audiences}, &a.IP, &a.UserAgent, &a.Place,
		timeOf{&a.CreatedAt}, timeOf{&a.ExpiresAt}, &interval, timeOf{&a.PolledAt}, &state,
		bytesOf(a.By.User[:]), &a.By.UserVersion, bytesOf(a.By.Session[:]), listOf{&a.By.Methods}, &a.By.ACR, timeOf{&a.By.AuthTime})
	a.Interval, a.State = time.Duration(interval)*time.Microsecond, devicecode.State(state)
	return a, err
}

func (s deviceCodes) Insert(ctx context.Context, a devicecode.Authorization, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO device_codes (digest, user_code, client_id, client_version, scope, audiences, ip, user_agent, place,
			created_at, expires_at, poll_interval, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending') ON CONFLICT (user_code) DO NOTHING`,
			seal(a.Digest), seal(a.UserCode), text(a.Client), a.ClientVersion, text(a.Scope), words(a.Audiences), text(a.IP), text(a.UserAgent), text(a.Place),
			at(a.CreatedAt), at(a.ExpiresAt), a.Interval.Microseconds())
		return exactly(n, err, devicecode.ErrTaken)
	})
}

func (s deviceCodes) ByUserCode(ctx context.Context, code secret.Digest, now time.Time) (devicecode.Authorization, error) {
	return one(ctx, s.e, devicecode.ErrUnknown, scanDevice,
		`SELECT `+deviceColumns+` FROM device_codes WHERE user_code = $1 AND state = 'pending' AND expires_at > $2`, seal(code), at(now))
}

// Approve is a birth (TH-1): the lock comes first, in a statement of its own.
func (s deviceCodes) Approve(ctx context.Context, code secret.Digest, by devicecode.Approver, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := queueLock(ctx, tx, s.e.Dialect().ForShare, account, by.User); err != nil {
			return err
		}
		alive, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM users u JOIN sessions s ON s.user_id = u.id
			WHERE u.id = $1 AND u.state = 'active' AND u.version = $2 AND s.id = $3 AND s.ended_at IS NULL AND s.lapses_at > $4`,
			raw(by.User), by.UserVersion, raw(by.Session), at(now)))
		if err != nil {
			return err
		}
		if alive == 0 {
			return devicecode.ErrBirth
		}
		n, err := tx.Exec(ctx, `UPDATE device_codes SET state = 'approved', user_id = $3, user_version = $4, session_id = $5, methods = $6, acr = $7, authenticated_at = $8
			WHERE user_code = $1 AND state = 'pending' AND expires_at > $2`,
			seal(code), at(now), raw(by.User), by.UserVersion, raw(by.Session), words(by.Methods), text(by.ACR), at(by.AuthTime))
		return exactly(n, err, devicecode.ErrUnknown)
	})
}

func (s deviceCodes) Deny(ctx context.Context, code secret.Digest, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE device_codes SET state = 'denied' WHERE user_code = $1 AND state = 'pending' AND expires_at > $2`, seal(code), at(now))
		return exactly(n, err, devicecode.ErrUnknown)
	})
}

// Poll holds the row, so that of two polls at once one comes too soon.
func (s deviceCodes) Poll(ctx context.Context, d secret.Digest, client string, now time.Time) (a devicecode.Authorization, err error) {
	err = s.e.Write(ctx, func(tx Tx) (err error) {
		a, err = scanDevice(tx.QueryRow(ctx, `SELECT `+deviceColumns+` FROM device_codes WHERE digest = $1 AND client_id = $2 `+s.e.Dialect().ForUpdate,
			seal(d), text(client)))
		if err != nil || a.State != devicecode.Pending {
			return otherwise(err, devicecode.ErrUnknown)
		}
		interval := a.Interval
		if a.TooSoon(now) {
			interval += devicecode.Interval
		}
		return tx.Queue(ctx, `UPDATE device_codes SET polled_at = $2, poll_interval = $3 WHERE digest = $1`, seal(d), at(now), interval.Microseconds())
	})
	return a, err
}

func (s deviceCodes) Redeem(ctx context.Context, d secret.Digest, client string, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE device_codes SET state = 'redeemed' WHERE digest = $1 AND client_id = $2 AND state = 'approved' AND expires_at > $3`,
			seal(d), text(client), at(now))
		return exactly(n, err, devicecode.ErrUnknown)
	})
}

func (s deviceCodes) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM device_codes WHERE digest IN (
		SELECT digest FROM device_codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}
