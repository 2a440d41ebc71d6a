package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/user"
)

type recoveries set

func (s recoveries) Replace(ctx context.Context, owner user.ID, codes []recovery.Digest, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, raw(owner)); err != nil {
			return err
		}
		for _, d := range codes {
			if err := tx.Queue(ctx, `INSERT INTO recovery_codes (user_id, mac, created_at) VALUES ($1, $2, $3)`, raw(owner), d[:], at(now)); err != nil {
				return err
			}
		}
		return otherFactors(ctx, tx, owner)
	})
}

func (s recoveries) State(ctx context.Context, owner user.ID) (st recovery.State, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT count(*) - count(used_at), MIN(created_at), MAX(used_at) FROM recovery_codes WHERE user_id = $1`, raw(owner)).
			Scan(&st.Left, timeOf{&st.CreatedAt}, timeOf{&st.UsedAt})
	})
	return st, err
}

func (s recoveries) Holds(ctx context.Context, owner user.ID, d recovery.Digest) (held bool, err error) {
	var n int
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND mac = $2 AND used_at IS NULL`, raw(owner), d[:]).Scan(&n)
	})
	return n > 0, err
}

func (s recoveries) Use(ctx context.Context, owner user.ID, d recovery.Digest, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND mac = $2 AND used_at IS NULL`, raw(owner), d[:], at(now))
		return exactly(n, err, recovery.ErrWrong)
	})
}

func (s recoveries) Clear(ctx context.Context, owner user.ID) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM recovery_codes WHERE user_id = $1`, raw(owner))
	})
}
