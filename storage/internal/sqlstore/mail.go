package sqlstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
)

type outbox set

const queuedColumns = `o.id, o.channel, o.template, o.sealed, o.attempts, o.next_at, o.created_at`

func scanQueued(row Row) (m mail.Queued, err error) {
	err = row.Scan(bytesOf(m.ID[:]), &m.Channel, &m.Template, &m.Sealed, &m.Attempts, timeOf{&m.NextAt}, timeOf{&m.CreatedAt})
	return m, err
}

func (s outbox) Enqueue(ctx context.Context, m mail.Queued) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO outbox (id, channel, template, sealed, attempts, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			raw(m.ID), m.Channel, m.Template, octets(m.Sealed), m.Attempts, at(m.NextAt), at(m.CreatedAt))
	})
}

func (s outbox) Withdraw(ctx context.Context, id mail.ID) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `DELETE FROM outbox WHERE id = $1 AND attempts = 0 AND next_at = created_at AND finished_at IS NULL`, raw(id))
	})
}

// Claim moves next_at to the end of the lease; a sender who dies gives the
// message back by doing nothing. Replicas pass over each other's rows.
func (s outbox) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) (claimed []mail.Queued, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		claimed, err = collect(ctx, tx, scanQueued, `SELECT `+queuedColumns+` FROM outbox o WHERE o.finished_at IS NULL AND o.next_at <= $1
			ORDER BY o.next_at, o.id LIMIT $2 `+s.e.Dialect().SkipLocked, at(now), limit)
		if err != nil {
			return err
		}
		for _, m := range claimed {
			if err := tx.Queue(ctx, `UPDATE outbox SET next_at = $2 WHERE id = $1`, raw(m.ID), at(now.Add(lease))); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(claimed, func(a, b mail.Queued) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return claimed, err
}

func (s outbox) Sent(ctx context.Context, id mail.ID, now time.Time) error {
	return s.finish(ctx, id, now, "sent", "")
}

func (s outbox) Dead(ctx context.Context, id mail.ID, now time.Time, reason string) error {
	return s.finish(ctx, id, now, "dead", reason)
}

// finish empties the message: nobody needs its links any more.
func (s outbox) finish(ctx context.Context, id mail.ID, now time.Time, outcome, reason string) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE outbox SET finished_at = $2, outcome = $3, reason = $4, sealed = NULL WHERE id = $1 AND finished_at IS NULL`,
			raw(id), at(now), outcome, text(reason))
	})
}

func (s outbox) Retry(ctx context.Context, id mail.ID, next time.Time, attempts int, reason string) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `UPDATE outbox SET next_at = $2, attempts = $3, reason = $4 WHERE id = $1 AND finished_at IS NULL`,
			raw(id), at(next), attempts, text(reason))
	})
}

func (s outbox) Depth(ctx context.Context, now time.Time) (d mail.Depth, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM outbox WHERE finished_at IS NULL AND created_at <= $1),
			(SELECT COUNT(*) FROM outbox WHERE finished_at IS NOT NULL AND outcome = 'dead'),
			(SELECT MIN(created_at) FROM outbox WHERE finished_at IS NULL AND created_at <= $1)`, at(now)).Scan(&d.Waiting, &d.Dead, timeOf{&d.Oldest})
	})
	return d, err
}

func (s outbox) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM outbox WHERE id IN (
		SELECT id FROM outbox WHERE finished_at IS NOT NULL AND finished_at < $1 ORDER BY finished_at LIMIT $2)`, at(before), limit)
}
