package sqlstore

import "context"

func (s facts) Setting(ctx context.Context, key string) (string, error) {
	return one(ctx, s.e, nil, scanText, `SELECT value FROM settings WHERE key = $1`, key)
}

func (s facts) PutSetting(ctx context.Context, key, value string, ifAbsent bool) (now string, err error) {
	sql := `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
	if ifAbsent {
		sql = `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`
	}
	err = s.e.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, sql, key, value); err != nil {
			return err
		}
		now, err = scanText(tx.QueryRow(ctx, `SELECT value FROM settings WHERE key = $1`, key))
		return err
	})
	return now, err
}

func scanText(row Row) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

func (s facts) Blob(ctx context.Context, name string) ([]byte, error) {
	return one(ctx, s.e, nil, scanBytes, `SELECT sealed FROM blobs WHERE name = $1`, name)
}

func (s facts) PutBlob(ctx context.Context, name string, sealed []byte) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO blobs (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed`, name, sealed)
	})
}

func (s facts) DeleteBlob(ctx context.Context, name string) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM blobs WHERE name = $1`, name)
	})
}

func scanBytes(row Row) (b []byte, err error) {
	err = row.Scan(&b)
	return b, err
}
