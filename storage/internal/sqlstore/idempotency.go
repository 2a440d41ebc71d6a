package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/idempotency"
)

type idempotencies set

func scanAnswer(row Row) (e idempotency.Entry, err error) {
	err = row.Scan(bytesOf(e.Scope[:]), bytesOf(e.Body[:]), &e.Status, &e.Sealed, timeOf{&e.CreatedAt})
	return e, err
}

// Begin tries again when the entry that was in its way is gone before it could
// be read.
func (s idempotencies) Begin(ctx context.Context, e idempotency.Entry, abandoned time.Time) (stored idempotency.Entry, begun bool, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		for range 5 {
			n, err := tx.Exec(ctx, `INSERT INTO idempotency (scope, body, status, sealed, created_at) VALUES ($1, $2, 0, NULL, $3)
				ON CONFLICT (scope) DO UPDATE SET created_at = excluded.created_at
				WHERE idempotency.status = 0 AND idempotency.body = excluded.body AND idempotency.created_at < $4`,
				e.Scope[:], e.Body[:], at(e.CreatedAt), at(abandoned))
			if stored, begun = e, n == 1; err != nil || begun {
				return err
			}
			stored, err = scanAnswer(tx.QueryRow(ctx, `SELECT scope, body, status, sealed, created_at FROM idempotency WHERE scope = $1`, e.Scope[:]))
			if !errors.Is(err, ErrNoRows) {
				return err
			}
		}
		return idempotency.ErrRunning
	})
	return stored, begun, err
}

func (s idempotencies) Finish(ctx context.Context, e idempotency.Entry, status int, sealed []byte) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE idempotency SET status = $2, sealed = $3 WHERE scope = $1 AND status = 0 AND created_at = $4`,
			e.Scope[:], status, octets(sealed), at(e.CreatedAt))
	})
}

func (s idempotencies) Abandon(ctx context.Context, e idempotency.Entry) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM idempotency WHERE scope = $1 AND status = 0 AND created_at = $2`, e.Scope[:], at(e.CreatedAt))
	})
}

func (s idempotencies) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM idempotency WHERE scope IN (
		SELECT scope FROM idempotency WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, at(before), limit)
}
