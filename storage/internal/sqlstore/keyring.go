package sqlstore

import (
	"context"

	"github.com/mortise-auth/mortise/internal/keyring"
)

type keys set

const keyQuery = `SELECT id, wrapped_by, wrapped, created_at FROM data_keys ORDER BY position`

func scanKey(row Row) (k keyring.SealedKey, err error) {
	err = row.Scan(&k.ID, &k.WrappedBy, &k.Wrapped, timeOf{&k.CreatedAt})
	return k, err
}

func (s keys) DataKeys(ctx context.Context) ([]keyring.SealedKey, error) {
	return many(ctx, s.e, scanKey, keyQuery)
}

// AddDataKey orders keys by position, not by time: the clocks of two replicas
// may differ. Two that add at once want the same position, and one gets it.
func (s keys) AddDataKey(ctx context.Context, k keyring.SealedKey, after string) (all []keyring.SealedKey, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO data_keys (id, position, wrapped_by, wrapped, created_at)
			SELECT $1, (SELECT COALESCE(MAX(position), 0) + 1 FROM data_keys), $2, $3, $4
			WHERE COALESCE((SELECT id FROM data_keys ORDER BY position DESC LIMIT 1), '') = $5 ON CONFLICT DO NOTHING`,
			k.ID, k.WrappedBy, k.Wrapped, at(k.CreatedAt), after)
		if err != nil {
			return err
		}
		all, err = collect(ctx, tx, scanKey, keyQuery)
		return err
	})
	return all, err
}

func (s keys) Rewrap(ctx context.Context, k keyring.SealedKey) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE data_keys SET wrapped_by = $2, wrapped = $3 WHERE id = $1`, k.ID, k.WrappedBy, k.Wrapped)
	})
}
