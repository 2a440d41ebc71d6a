package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/user"
)

type lockouts set

func scanCount(row Row) (c lockout.Count, err error) {
	err = row.Scan(&c.Failures, timeOf{&c.Last})
	return c, err
}

func (s lockouts) Load(ctx context.Context, account user.ID) (lockout.Count, error) {
	return one(ctx, s.e, nil, scanStanding, `SELECT COALESCE((SELECT failures FROM lockouts WHERE user_id = $1), 0),
		(SELECT last_at FROM lockouts WHERE user_id = $1), (SELECT COUNT(*) FROM second_failures WHERE user_id = $1)`, raw(account))
}

func scanStanding(row Row) (c lockout.Count, err error) {
	var second int
	err = row.Scan(&c.Failures, timeOf{&c.Last}, &second)
	c.Second = second > 0
	return c, err
}

// Fail counts in one statement, so that no failure of many at once is lost.
func (s lockouts) Fail(ctx context.Context, account user.ID, now time.Time, ev audit.Event) (c lockout.Count, err error) {
	err = change(ctx, s.e, ev, func(tx Tx) error {
		c, err = scanCount(tx.QueryRow(ctx, `INSERT INTO lockouts (user_id, failures, last_at) SELECT id, 1, $2 FROM users WHERE id = $1
			ON CONFLICT (user_id) DO UPDATE SET failures = lockouts.failures + 1,
				last_at = CASE WHEN excluded.last_at > lockouts.last_at THEN excluded.last_at ELSE lockouts.last_at END
			RETURNING failures, last_at`, raw(account), at(now)))
		return otherwise(err, user.ErrUnknown)
	})
	return c, err
}

func (s lockouts) Clear(ctx context.Context, account user.ID) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM lockouts WHERE user_id = $1`, raw(account))
	})
}
