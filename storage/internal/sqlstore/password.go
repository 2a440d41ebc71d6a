package sqlstore

import (
	"context"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/user"
)

type passwords set

// A removed password leaves its row, without a hash: its version is where the
// next one counts from, so that no version comes twice (TH-1).

func (s passwords) ByUser(ctx context.Context, owner user.ID) (password.Credential, error) {
	c, err := one(ctx, s.e, password.ErrNone, scanPassword,
		`SELECT user_id, version, hash, changed_at, must_change FROM passwords WHERE user_id = $1`, raw(owner))
	if err == nil && c.Hash == "" {
		return password.Credential{User: c.User, Version: c.Version}, password.ErrNone
	}
	return c, err
}

func scanPassword(row Row) (c password.Credential, err error) {
	var hash string
	err = row.Scan(bytesOf(c.User[:]), &c.Version, &hash, timeOf{&c.ChangedAt}, truthOf{&c.MustChange})
	c.Hash = password.Hash(hash)
	return c, err
}

// Set locks the account, so that no session is born of the old password
// meanwhile (TH-1).
func (s passwords) Set(ctx context.Context, c password.Credential, ev audit.Event) error {
	sql := `UPDATE passwords SET version = $2, hash = $3, changed_at = $4, must_change = $5 WHERE user_id = $1 AND version = CAST($2 AS BIGINT) - 1`
	if c.Version == 1 {
		sql = `INSERT INTO passwords (user_id, version, hash, changed_at, must_change) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO NOTHING`
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, c.User, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, sql, raw(c.User), c.Version, string(c.Hash), at(c.ChangedAt), c.MustChange)
		if err := exactly(n, err, password.ErrStale); err != nil {
			return err
		}
		return noTrust(ctx, tx, c.User) // also those of sign-ins without a password
	})
}

// Upgrade writes no event when the race is lost: nothing happened.
func (s passwords) Upgrade(ctx context.Context, c password.Credential, hash password.Hash, ev audit.Event) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE passwords SET hash = $3 WHERE user_id = $1 AND version = $2 AND hash = $4 AND hash <> ''`, raw(c.User), c.Version, string(hash), string(c.Hash))
		if err != nil || n == 0 {
			return err
		}
		return record(ctx, tx, ev)
	})
}

func (s passwords) Remove(ctx context.Context, owner user.ID, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, password.ErrNone)
		}
		n, err := tx.Exec(ctx, `UPDATE passwords SET version = version + 1, hash = '', must_change = 0 WHERE user_id = $1 AND hash <> ''`, raw(owner))
		if err := exactly(n, err, password.ErrNone); err != nil {
			return err
		}
		return noTrust(ctx, tx, owner)
	})
}
