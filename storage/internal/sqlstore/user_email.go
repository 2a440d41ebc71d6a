package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/user"
)

const emailColumns = `e.key, e.user_id, e.address, e.verified_at, e.is_primary, e.created_at`

func emailFields(e *user.Email) []any {
	return []any{&e.Key, bytesOf(e.User[:]), &e.Address, timeOf{&e.VerifiedAt}, truthOf{&e.Primary}, timeOf{&e.CreatedAt}}
}

func scanEmail(row Row) (e user.Email, err error) {
	err = row.Scan(emailFields(&e)...)
	return e, err
}

func (s users) ByEmail(ctx context.Context, key string) (u user.User, e user.Email, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		return otherwise(q.QueryRow(ctx, `SELECT `+userColumns+`, `+emailColumns+`
			FROM user_emails e JOIN users u ON u.id = e.user_id WHERE e.key = $1`, text(key)).
			Scan(append(userFields(&u), emailFields(&e)...)...), user.ErrUnknown)
	})
	return u, e, err
}

func (s users) WithPrimary(ctx context.Context, id user.ID) (u user.User, e user.Email, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		return otherwise(q.QueryRow(ctx, `SELECT `+userColumns+`, COALESCE(e.key, ''), COALESCE(e.address, ''), e.verified_at, e.created_at
			FROM users u LEFT JOIN user_emails e ON e.user_id = u.id AND e.is_primary = 1 WHERE u.id = $1`, raw(id)).
			Scan(append(userFields(&u), &e.Key, &e.Address, timeOf{&e.VerifiedAt}, timeOf{&e.CreatedAt})...), user.ErrUnknown)
	})
	if e.Key != "" {
		e.User, e.Primary = u.ID, true
	}
	return u, e, err
}

func (s users) Emails(ctx context.Context, id user.ID) ([]user.Email, error) {
	return many(ctx, s.e, scanEmail, `SELECT `+emailColumns+` FROM user_emails e WHERE e.user_id = $1
		ORDER BY e.is_primary DESC, e.created_at, e.key`, raw(id))
}

// AddEmail never moves the primary mark: SetPrimary does.
func (s users) AddEmail(ctx context.Context, e user.Email, ev audit.Event) error {
	return s.e.Write(ctx, func(tx Tx) error {
		if err := lock(ctx, tx, e.User, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		has, err := number(tx.QueryRow(ctx, `SELECT COUNT(*) FROM user_emails WHERE user_id = $1`, raw(e.User)))
		if err == nil && has >= user.MaxEmails {
			err = user.ErrTooManyEmails
		}
		if err != nil {
			return err
		}
		e.Primary = has == 0
		ev, err := keepEmail(ctx, tx, s.e.Dialect(), e, ev)
		if err == nil {
			err = changed(ctx, tx, e.User, e.CreatedAt)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, ev)
	})
}

// keepEmail inserts an address. When it is verified and held unverified by
// another account, that account loses it first; the event says so.
func keepEmail(ctx context.Context, tx Tx, d Dialect, e user.Email, ev audit.Event) (audit.Event, error) {
	if e.Verified() {
		old, err := takeOver(ctx, tx, d, e)
		if err != nil {
			return ev, err
		}
		if !old.IsZero() {
			ev = ev.With("replaced", old.String())
		}
	}
	n, err := tx.Exec(ctx, `INSERT INTO user_emails (key, user_id, address, verified_at, is_primary, created_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING`,
		e.Key, raw(e.User), e.Address, at(e.VerifiedAt), e.Primary, at(e.CreatedAt))
	return ev, exactly(n, err, user.ErrEmailTaken)
}

// takeOver frees an address that somebody has now proved to own (PW-36, TH-41).
// An account that never proved any address goes with all that was born of it.
// One that has proved another address is real: it loses only this one.
func takeOver(ctx context.Context, tx Tx, d Dialect, e user.Email) (old user.ID, err error) {
	old, err = scanUserID(tx.QueryRow(ctx, `SELECT user_id FROM user_emails
		WHERE key = $1 AND verified_at IS NULL AND user_id <> $2 `+d.ForUpdate, e.Key, raw(e.User)))
	if errors.Is(err, ErrNoRows) {
		return user.ID{}, nil
	}
	if err != nil {
		return old, err
	}
	proved, err := number(tx.QueryRow(ctx, `SELECT COUNT(*) FROM user_emails WHERE user_id = $1 AND verified_at IS NOT NULL`, raw(old)))
	switch {
	case err != nil:
		return old, err
	case proved == 0:
		return old, deleteUser(ctx, tx, old, e.CreatedAt)
	}
	return old, loseEmail(ctx, tx, old, e.Key, e.CreatedAt)
}

// loseEmail takes an unverified address from an account that has a verified one,
// which becomes the primary one if need be.
func loseEmail(ctx context.Context, tx Tx, id user.ID, key string, now time.Time) error {
	if _, err := tx.Exec(ctx, `DELETE FROM user_emails WHERE key = $1`, key); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE user_emails SET is_primary = 1
		WHERE key = (SELECT key FROM user_emails WHERE user_id = $1 AND verified_at IS NOT NULL ORDER BY created_at, key LIMIT 1)
		AND NOT EXISTS (SELECT 1 FROM user_emails WHERE user_id = $1 AND is_primary = 1)`, raw(id))
	if err != nil {
		return err
	}
	if err := changed(ctx, tx, id, now); err != nil {
		return err
	}
	return revoke(ctx, tx, revocation.Refresh, id, 0, now)
}

func (s users) VerifyEmail(ctx context.Context, id user.ID, key string, now time.Time, ev audit.Event) error {
	return s.onEmail(ctx, id, now, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE user_emails SET verified_at = COALESCE(verified_at, $3) WHERE user_id = $1 AND key = $2`, raw(id), text(key), at(now))
		return exactly(n, err, user.ErrEmailUnknown)
	})
}

func (s users) SetPrimary(ctx context.Context, id user.ID, key string, now time.Time, ev audit.Event) error {
	return s.onEmail(ctx, id, now, ev, func(tx Tx) error {
		e, err := s.email(ctx, tx, id, key)
		if err == nil && !e.Verified() {
			err = user.ErrEmailUnverified
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE user_emails SET is_primary = 0 WHERE user_id = $1 AND is_primary = 1`, raw(id)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE user_emails SET is_primary = 1 WHERE user_id = $1 AND key = $2`, raw(id), e.Key)
		return err
	})
}

func (s users) RemoveEmail(ctx context.Context, id user.ID, key string, now time.Time, ev audit.Event) error {
	return s.onEmail(ctx, id, now, ev, func(tx Tx) error {
		e, err := s.email(ctx, tx, id, key)
		if err == nil && e.Primary {
			err = user.ErrLastEmail
		}
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `DELETE FROM user_emails WHERE user_id = $1 AND key = $2`, raw(id), e.Key); err != nil || !e.Verified() {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO former_emails (user_id, key, address, verified_at, removed_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (user_id, key) DO UPDATE SET address = excluded.address, verified_at = excluded.verified_at, removed_at = excluded.removed_at`,
			raw(id), e.Key, e.Address, at(e.VerifiedAt), at(now))
	})
}

func (s users) FormerEmails(ctx context.Context, id user.ID, since time.Time) ([]user.Email, error) {
	return many(ctx, s.e, func(row Row) (e user.Email, err error) {
		err = row.Scan(&e.Key, bytesOf(e.User[:]), &e.Address, timeOf{&e.VerifiedAt})
		return e, err
	}, `SELECT key, user_id, address, verified_at FROM former_emails WHERE user_id = $1 AND removed_at >= $2 ORDER BY removed_at, key`, raw(id), at(since))
}

func (s users) SweepFormerEmails(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM former_emails WHERE (user_id, key) IN (
		SELECT user_id, key FROM former_emails WHERE removed_at < $1 ORDER BY removed_at LIMIT $2)`, at(before), limit)
}

// onEmail runs an act on an address the account has; what is known of the
// account must be read again. No account: no such address.
func (s users) onEmail(ctx context.Context, id user.ID, now time.Time, ev audit.Event, fn func(Tx) error) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, id, s.e.Dialect().ForUpdate); errors.Is(err, user.ErrUnknown) {
			return user.ErrEmailUnknown
		} else if err != nil {
			return err
		}
		if err := fn(tx); err != nil {
			return err
		}
		if err := changed(ctx, tx, id, now); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, id, 0, now)
	})
}

func (s users) email(ctx context.Context, tx Tx, id user.ID, key string) (user.Email, error) {
	e, err := scanEmail(tx.QueryRow(ctx, `SELECT `+emailColumns+` FROM user_emails e WHERE e.user_id = $1 AND e.key = $2`, raw(id), text(key)))
	return e, otherwise(err, user.ErrEmailUnknown)
}

// truthOf fills a bool from 0 or 1.
type truthOf struct{ b *bool }

func (dst truthOf) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("want 0 or 1, got %T", src)
	}
	*dst.b = n != 0
	return nil
}
