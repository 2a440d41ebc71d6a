package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

type reclaims set

const reclaimColumns = `id, user_id, kind, level, address, lang, vouched, veto, sealed, secret, started_at, due_at, expires_at, next_at, delayed_at, ended_at, outcome`

func scanReclaim(row Row) (c reclaim.Claim, err error) {
	var kind, outcome string
	err = row.Scan(bytesOf(c.ID[:]), bytesOf(c.User[:]), &kind, &c.Level, &c.Address, &c.Lang, &c.Vouched, bytesOf(c.Veto[:]), &c.Sealed, bytesOf(c.Secret[:]),
		timeOf{&c.StartedAt}, timeOf{&c.DueAt}, timeOf{&c.ExpiresAt}, timeOf{&c.NextAt}, timeOf{&c.DelayedAt}, timeOf{&c.EndedAt}, &outcome)
	c.Kind, c.Outcome = reclaim.Kind(kind), reclaim.Outcome(outcome)
	return c, err
}

// Begin waits for acts on the account's addresses, and they for it (TH-43).
func (s reclaims) Begin(ctx context.Context, c reclaim.Claim, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		active, err := number(tx.QueryRow(ctx, `SELECT CASE WHEN state = $2 THEN 1 ELSE 0 END FROM users WHERE id = $1 `+s.e.Dialect().ForUpdate, raw(c.User), string(user.Active)))
		if err != nil {
			return otherwise(err, user.ErrUnknown)
		}
		if active == 0 {
			return user.ErrInactive
		}
		if err := s.makeRoom(ctx, tx, c); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO reclaims (`+reclaimColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL, '') ON CONFLICT DO NOTHING`,
			raw(c.ID), raw(c.User), string(c.Kind), c.Level, text(c.Address), text(c.Lang), text(c.Vouched), seal(c.Veto), octets(c.Sealed), seal(c.Secret),
			at(c.StartedAt), at(c.DueAt), at(c.ExpiresAt), at(c.NextAt))
		return exactly(n, err, reclaim.ErrRunning)
	})
}

func (s reclaims) makeRoom(ctx context.Context, tx Tx, c reclaim.Claim) error {
	if c.Kind == reclaim.Waiting {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE reclaims SET ended_at = $2, outcome = $3 WHERE user_id = $1 AND ended_at IS NULL`, raw(c.User), at(c.StartedAt), string(reclaim.Replaced))
	return err
}

func (s reclaims) live(ctx context.Context, where string, arg any) (reclaim.Claim, error) {
	return one(ctx, s.e, reclaim.ErrNone, scanReclaim, `SELECT `+reclaimColumns+` FROM reclaims WHERE `+where+` = $1 AND ended_at IS NULL`, arg)
}

func (s reclaims) Live(ctx context.Context, owner user.ID) (reclaim.Claim, error) {
	return s.live(ctx, "user_id", raw(owner))
}

func (s reclaims) ByID(ctx context.Context, id reclaim.ID) (reclaim.Claim, error) {
	return s.live(ctx, "id", raw(id))
}

func (s reclaims) ByVeto(ctx context.Context, d secret.Digest) (reclaim.Claim, error) {
	return s.live(ctx, "veto", seal(d))
}

func (s reclaims) BySecret(ctx context.Context, d secret.Digest) (reclaim.Claim, error) {
	return s.live(ctx, "secret", seal(d))
}

func (s reclaims) Running(ctx context.Context, after reclaim.ID, limit int) ([]reclaim.Claim, error) {
	return many(ctx, s.e, scanReclaim, `SELECT `+reclaimColumns+` FROM reclaims WHERE ended_at IS NULL AND id > $1 ORDER BY id LIMIT $2`, raw(after), limit)
}

func (s reclaims) StoppedSince(ctx context.Context, owner user.ID, since time.Time) (bool, error) {
	var n int
	err := s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT count(*) FROM reclaims WHERE user_id = $1 AND ended_at >= $2 AND outcome IN ($3, $4)`,
			raw(owner), at(since), string(reclaim.Stopped), string(reclaim.Denied)).Scan(&n)
	})
	return n > 0, err
}

func (s reclaims) Delay(ctx context.Context, id reclaim.ID, due, expires, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE reclaims SET delayed_at = $2, due_at = $3, expires_at = $4, next_at = $2, secret = CASE WHEN kind = $5 THEN secret END
			WHERE id = $1 AND ended_at IS NULL AND delayed_at IS NULL`, raw(id), at(now), at(due), at(expires), string(reclaim.Link))
		if err != nil || n > 0 {
			return err
		}
		live, err := number(tx.QueryRow(ctx, `SELECT count(*) FROM reclaims WHERE id = $1 AND ended_at IS NULL`, raw(id)))
		if err == nil && live > 0 {
			return reclaim.ErrDelayed
		}
		return exactly(0, err, reclaim.ErrNone)
	})
}

func (s reclaims) Stir(ctx context.Context, id reclaim.ID, was, next time.Time, completing secret.Digest, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE reclaims SET next_at = $3, secret = COALESCE($4, secret) WHERE id = $1 AND next_at = $2 AND ended_at IS NULL`,
			raw(id), at(was), at(next), seal(completing))
		return exactly(n, err, reclaim.ErrNone)
	})
}

// Complete holds the account's row for the act that follows (TH-1).
func (s reclaims) Complete(ctx context.Context, id reclaim.ID, completing secret.Digest, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		owner, err := scanUserID(tx.QueryRow(ctx, `SELECT user_id FROM reclaims WHERE id = $1`, raw(id)))
		if err != nil {
			return otherwise(err, reclaim.ErrNone)
		}
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE reclaims SET ended_at = $3, outcome = $4
			WHERE id = $1 AND secret = $2 AND ended_at IS NULL AND due_at <= $3 AND expires_at > $3`,
			raw(id), seal(completing), at(now), string(reclaim.Completed))
		if err := exactly(n, err, reclaim.ErrNone); err != nil {
			return err
		}
		for _, forget := range []string{
			`DELETE FROM totp_devices WHERE user_id = $1`,
			`DELETE FROM phones WHERE user_id = $1`,
			`DELETE FROM recovery_codes WHERE user_id = $1`,
			`DELETE FROM passkeys WHERE user_id = $1`,
		} {
			if err := tx.Queue(ctx, forget, raw(owner)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s reclaims) End(ctx context.Context, id reclaim.ID, how reclaim.Outcome, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE reclaims SET ended_at = $2, outcome = $3 WHERE id = $1 AND ended_at IS NULL`, raw(id), at(now), string(how))
		return exactly(n, err, reclaim.ErrNone)
	})
}

func (s reclaims) Stirring(ctx context.Context, now time.Time, limit int) ([]reclaim.Claim, error) {
	return many(ctx, s.e, scanReclaim, `SELECT `+reclaimColumns+` FROM reclaims WHERE ended_at IS NULL AND next_at <= $1 ORDER BY next_at LIMIT $2`, at(now), limit)
}

func (s reclaims) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM reclaims WHERE id IN (
		SELECT id FROM reclaims WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)`, at(before), limit)
}
