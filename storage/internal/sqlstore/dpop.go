package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/secret"
)

type usedProofs set

const epochOfProofs = `SELECT epoch FROM dpop_epoch WHERE one = 1`

// Epoch begins one where there is none: of several processes that do so at a time,
// all get the one that was kept.
func (s usedProofs) Epoch(ctx context.Context) (e dpop.Epoch, err error) {
	err = s.e.Read(ctx, func(q Querier) error { return q.QueryRow(ctx, epochOfProofs).Scan(bytesOf(e[:])) })
	if !errors.Is(err, ErrNoRows) {
		return e, err
	}
	var fresh dpop.Epoch
	secret.Fill(fresh[:])
	err = s.e.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO dpop_epoch (one, epoch) VALUES (1, $1) ON CONFLICT DO NOTHING`, fresh[:]); err != nil {
			return err
		}
		return tx.QueryRow(ctx, epochOfProofs).Scan(bytesOf(e[:]))
	})
	return e, err
}

// Use is one conditional insert. What went wrong is only asked when it hit nothing.
func (s usedProofs) Use(ctx context.Context, e dpop.Epoch, p dpop.Seen, _ time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO dpop_proofs (id, until) SELECT $1, $2 FROM dpop_epoch WHERE epoch = $3 ON CONFLICT DO NOTHING`,
			p.ID[:], at(p.Until), e[:])
		if err != nil || n > 0 {
			return err
		}
		var now dpop.Epoch
		if err := tx.QueryRow(ctx, epochOfProofs).Scan(bytesOf(now[:])); err != nil {
			return otherwise(err, dpop.ErrEpoch)
		}
		if now != e {
			return dpop.ErrEpoch
		}
		return dpop.ErrReplayed
	})
}

func (s usedProofs) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM dpop_proofs WHERE id IN (SELECT id FROM dpop_proofs WHERE until < $1 LIMIT $2)`, at(now), limit)
}
