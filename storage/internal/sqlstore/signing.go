package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/signing"
)

type signingKeys set

const signingColumns = `kid, purpose, algorithm, state, jwk, mac, sealed, created_at, due_at, current_at, retired_at, gone_at`

func scanSigningKey(row Row) (k signing.Key, err error) {
	var use, alg, state string
	var sealed []byte
	err = row.Scan(&k.ID, &use, &alg, &state, &k.JWK, bytesOf(k.MAC[:]), &sealed,
		timeOf{&k.CreatedAt}, timeOf{&k.DueAt}, timeOf{&k.CurrentAt}, timeOf{&k.RetiredAt}, timeOf{&k.GoneAt})
	k.Use, k.State, k.Sealed = signing.Use(use), signing.State(state), sealed
	k.Algorithm = jose.Algorithm(alg)
	return k, err
}

func (s signingKeys) Live(ctx context.Context) ([]signing.Key, error) {
	return many(ctx, s.e, scanSigningKey, `SELECT `+signingColumns+` FROM signing_keys WHERE state <> 'gone' ORDER BY created_at, kid`)
}

func (s signingKeys) All(ctx context.Context) ([]signing.Key, error) {
	return many(ctx, s.e, scanSigningKey, `SELECT `+signingColumns+` FROM signing_keys ORDER BY created_at, kid`)
}

func (s signingKeys) Add(ctx context.Context, keys []signing.Key, evs ...audit.Event) error {
	return s.step(ctx, evs, func(tx Tx) error {
		for _, k := range keys {
			if err := moved(addSigningKey(ctx, tx, k)); err != nil {
				return err
			}
		}
		return nil
	})
}

// addSigningKey adds nothing where one of the unique indexes has another key.
func addSigningKey(ctx context.Context, tx Tx, k signing.Key) (int64, error) {
	return tx.Exec(ctx, `INSERT INTO signing_keys (`+signingColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL) ON CONFLICT DO NOTHING`,
		k.ID, string(k.Use), string(k.Algorithm), string(k.State), k.JWK, k.MAC[:], k.Sealed,
		at(k.CreatedAt), at(k.DueAt), at(k.CurrentAt))
}

func (s signingKeys) Hasten(ctx context.Context, id string, due time.Time, ev audit.Event) error {
	return s.step(ctx, []audit.Event{ev}, func(tx Tx) error {
		return moved(tx.Exec(ctx, `UPDATE signing_keys SET due_at = $2 WHERE kid = $1 AND state = 'next' AND due_at > $2`, id, at(due)))
	})
}

// Promote demotes first: there is room for one current key.
func (s signingKeys) Promote(ctx context.Context, id, current string, now, ripe time.Time, evs ...audit.Event) error {
	return s.step(ctx, evs, func(tx Tx) error {
		err := moved(tx.Exec(ctx, `UPDATE signing_keys SET state = 'retiring', retired_at = $2, sealed = NULL
			WHERE kid = $1 AND state = 'current'`, current, at(now)))
		if err != nil {
			return err
		}
		return moved(tx.Exec(ctx, `UPDATE signing_keys SET state = 'current', current_at = $2
			WHERE kid = $1 AND state = 'next' AND created_at <= $3 AND EXISTS (SELECT 1 FROM signing_keys old
				WHERE old.kid = $4 AND old.purpose = signing_keys.purpose AND old.algorithm = signing_keys.algorithm)`, id, at(now), at(ripe), current))
	})
}

func (s signingKeys) Remove(ctx context.Context, id string, now, before time.Time, ev audit.Event) error {
	return s.step(ctx, []audit.Event{ev}, func(tx Tx) error {
		return moved(tx.Exec(ctx, `UPDATE signing_keys SET state = 'gone', gone_at = $2
			WHERE kid = $1 AND state = 'retiring' AND retired_at <= $3`, id, at(now), at(before)))
	})
}

func (s signingKeys) Withdraw(ctx context.Context, id string, from signing.State, now time.Time, ev audit.Event) error {
	return s.step(ctx, []audit.Event{ev}, func(tx Tx) error {
		if err := moved(tx.Exec(ctx, withdraw+` AND state = $3`, id, at(now), string(from))); err != nil {
			return err
		}
		return revokeKey(ctx, tx, id, now)
	})
}

const withdraw = `UPDATE signing_keys SET state = 'gone', gone_at = $2, sealed = NULL WHERE kid = $1`

func (s signingKeys) Replace(ctx context.Context, fresh signing.Key, gone []string, now time.Time, evs ...audit.Event) error {
	return s.step(ctx, evs, func(tx Tx) error {
		for _, id := range gone {
			if err := moved(tx.Exec(ctx, withdraw+` AND state <> 'gone'`, id, at(now))); err != nil {
				return err
			}
			if err := revokeKey(ctx, tx, id, now); err != nil {
				return err
			}
		}
		left, err := number(tx.QueryRow(ctx, `SELECT COUNT(*) FROM signing_keys WHERE purpose = $1 AND algorithm = $2 AND state <> 'gone'`,
			string(fresh.Use), string(fresh.Algorithm)))
		if err == nil && left > 0 {
			err = signing.ErrMoved
		}
		if err != nil {
			return err
		}
		return moved(addSigningKey(ctx, tx, fresh))
	})
}

// ReplaceSigningKeys withdraws every key of a store that was put back to an
// earlier state (TH-24): whoever opens it makes new ones.
func ReplaceSigningKeys(ctx context.Context, tx Tx, now time.Time) error {
	ids, err := collect(ctx, tx, scanText, `SELECT kid FROM signing_keys WHERE state <> 'gone' ORDER BY kid`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := tx.Exec(ctx, withdraw, id, at(now)); err != nil {
			return err
		}
		if err := revokeKey(ctx, tx, id, now); err != nil {
			return err
		}
	}
	return nil
}

// revokeKey tells every verifier that nothing signed with a key counts any more.
func revokeKey(ctx context.Context, tx Tx, kid string, now time.Time) error {
	return revoke(ctx, tx, revocation.Key, feed.RawValue(feed.Key, kid), 0, now)
}

// step runs fn as one act with its events.
func (s signingKeys) step(ctx context.Context, evs []audit.Event, fn func(Tx) error) error {
	return s.e.Write(ctx, func(tx Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		for _, ev := range evs {
			if err := record(ctx, tx, ev); err != nil {
				return err
			}
		}
		return nil
	})
}

// moved is exactly for the steps of a key; a place that is taken is one not taken.
func moved(n int64, err error) error {
	return exactly(n, otherwiseIs(err, ErrUnique, signing.ErrMoved), signing.ErrMoved)
}
