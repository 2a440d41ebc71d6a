package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
)

type revocations set

// revoke adds an entry to the act tx: the row that other processes will read,
// and the word to this one (TH-10).
func revoke(ctx context.Context, tx Tx, kind revocation.Kind, value [16]byte, version int64, now time.Time) error {
	entry := revocation.Entry{Kind: kind, Value: value, Version: version, At: now}
	var number any
	if n, ok := tx.Sequence(Revocations); ok {
		number, entry.Number = n, n
	}
	tx.Revoke(entry)
	return tx.Queue(ctx, `INSERT INTO revocations (number, kind, value, version, at) VALUES ($1, $2, $3, $4, $5)`,
		number, string(kind), raw(value), version, at(now))
}

// widest is how many accounts one act tells one by one to be read again; with
// more it tells everybody (TH-17).
const widest = 1000

// refresh tells of accounts whose roles, memberships or names changed. The query
// selects their ids; its last parameter is a limit.
func refresh(ctx context.Context, tx Tx, now time.Time, sql string, args ...any) error {
	ids, err := collect(ctx, tx, scanID, sql, append(args, widest+1)...)
	if err != nil {
		return err
	}
	if len(ids) > widest {
		return revoke(ctx, tx, revocation.Instance, [16]byte{}, 0, now)
	}
	for _, id := range ids {
		if err := revoke(ctx, tx, revocation.Refresh, id, 0, now); err != nil {
			return err
		}
	}
	return nil
}

func scanID(row Row) (id [16]byte, err error) {
	err = row.Scan(bytesOf(id[:]))
	return id, err
}

func (s revocations) Head(ctx context.Context) (number int64, epoch string, err error) {
	if err := s.e.Number(ctx); err != nil {
		return 0, "", err
	}
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT h.number, i.epoch FROM heads h CROSS JOIN instance i WHERE h.name = $1`, string(Revocations)).Scan(&number, &epoch)
	})
	return number, epoch, err
}

func (s revocations) Since(ctx context.Context, number int64, limit int) ([]revocation.Entry, error) {
	if err := s.e.Number(ctx); err != nil {
		return nil, err
	}
	return many(ctx, s.e, scanEntry,
		`SELECT number, kind, value, version, at FROM revocations WHERE number > $1 ORDER BY number LIMIT $2`, number, limit)
}

func scanEntry(row Row) (e revocation.Entry, err error) {
	var kind string
	err = row.Scan(&e.Number, &kind, bytesOf(e.Value[:]), &e.Version, timeOf{&e.At})
	e.Kind = revocation.Kind(kind)
	return e, err
}

// Sweep leaves unnumbered rows alone: nobody has read them yet.
func (s revocations) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM revocations WHERE id IN (
		SELECT id FROM revocations WHERE at < $1 AND number IS NOT NULL ORDER BY at LIMIT $2)`, at(before), limit)
}
