package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/assertion"
)

type assertions set

func (s assertions) Remember(ctx context.Context, key assertion.Key, until time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO assertions (digest, kept_until) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING`, key[:], at(until))
		return exactly(n, err, assertion.ErrReplayed)
	})
}

func (s assertions) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM assertions WHERE digest IN (
		SELECT digest FROM assertions WHERE kept_until < $1 ORDER BY kept_until LIMIT $2)`, at(before), limit)
}
