package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/logout"
)

type logouts set

func (s logouts) Join(ctx context.Context, p logout.Participant) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO logout_participants (sid, client_id, session_id, user_id, subject, created_at)
			SELECT id, $2, id, user_id, $3, $4 FROM sessions WHERE id = $1 ON CONFLICT (sid, client_id) DO NOTHING`,
			raw(p.Session), text(p.Client), text(p.Subject), at(p.Since))
	})
}

const participantColumns = `p.sid, p.client_id, p.user_id, p.subject, p.created_at`

func scanParticipant(row Row) (p logout.Participant, err error) {
	err = row.Scan(bytesOf(p.Session[:]), &p.Client, bytesOf(p.User[:]), &p.Subject, timeOf{&p.Since})
	return p, err
}

func (s logouts) Of(ctx context.Context, id logout.SessionID) ([]logout.Participant, error) {
	return many(ctx, s.e, scanParticipant, `SELECT `+participantColumns+` FROM logout_participants p WHERE p.sid = $1 ORDER BY p.client_id LIMIT 200`, raw(id))
}

// ended is a participant whose session is over, and why.
type ended struct {
	logout.Participant
	cause string
}

func scanEnded(row Row) (e ended, err error) {
	err = row.Scan(bytesOf(e.Session[:]), &e.Client, bytesOf(e.User[:]), &e.Subject, timeOf{&e.Since}, &e.cause)
	return e, err
}

const (
	endedSessions = `SELECT ` + participantColumns + `, s.cause FROM sessions s JOIN logout_participants p ON p.session_id = s.id
		WHERE s.ended_at IS NOT NULL AND s.ended_at >= $1 LIMIT $2`
	goneSessions = `SELECT ` + participantColumns + `, '' FROM logout_participants p WHERE p.session_id IS NULL LIMIT $1`
)

// Harvest looks beside the writer, and troubles it only with what it found. Rows
// are taken in order, so that two replicas never wait for each other; who deletes
// the participant makes the delivery.
func (s logouts) Harvest(ctx context.Context, since, now time.Time, limit int) (int, error) {
	var from int64
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	due, err := many(ctx, s.e, scanEnded, goneSessions, limit)
	if err != nil {
		return 0, err
	}
	if len(due) < limit {
		more, err := many(ctx, s.e, scanEnded, endedSessions, from, limit-len(due))
		if err != nil {
			return 0, err
		}
		due = append(due, more...)
	}
	if len(due) == 0 {
		return 0, nil
	}
	slices.SortFunc(due, func(a, b ended) int {
		return cmp.Or(bytes.Compare(a.Session[:], b.Session[:]), cmp.Compare(a.Client, b.Client))
	})
	err = s.e.Write(ctx, func(tx Tx) error {
		for _, e := range due {
			if err := takeLeave(ctx, tx, e, now); err != nil {
				return err
			}
		}
		return nil
	})
	return len(due), err
}

// takeLeave makes a delivery of a participant that nobody else took.
func takeLeave(ctx context.Context, tx Tx, e ended, now time.Time) error {
	n, err := tx.Exec(ctx, `DELETE FROM logout_participants WHERE sid = $1 AND client_id = $2`, raw(e.Session), e.Client)
	if err != nil || n == 0 {
		return err
	}
	return tx.Queue(ctx, `INSERT INTO logouts (id, sid, client_id, user_id, subject, cause, attempts, next_at, created_at)
		SELECT $1, $2, client_id, $4, $5, $6, 0, $7, $7 FROM clients WHERE client_id = $3 AND backchannel_logout_uri <> ''`,
		raw(logout.NewID(now)), raw(e.Session), e.Client, raw(e.User), e.Subject, e.cause, at(now))
}

const deliveryColumns = `id, sid, client_id, user_id, subject, cause, attempts, next_at, created_at, finished_at, outcome, reason`

func scanDelivery(row Row) (d logout.Delivery, err error) {
	err = row.Scan(bytesOf(d.ID[:]), bytesOf(d.Session[:]), &d.Client, bytesOf(d.User[:]), &d.Subject, &d.Cause, &d.Attempts,
		timeOf{&d.NextAt}, timeOf{&d.CreatedAt}, timeOf{&d.FinishedAt}, nameOf[logout.Outcome]{&d.Outcome}, &d.Reason)
	return d, err
}

// Claim moves next_at to the end of the lease; whoever dies gives the delivery
// back by doing nothing. Replicas pass over each other's rows.
func (s logouts) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) (claimed []logout.Delivery, err error) {
	if limit <= 0 || !s.due(ctx, now) {
		return nil, nil
	}
	err = s.e.Write(ctx, func(tx Tx) error {
		claimed, err = collect(ctx, tx, scanDelivery, `SELECT `+deliveryColumns+` FROM logouts WHERE finished_at IS NULL AND next_at <= $1
			ORDER BY next_at, id LIMIT $2 `+s.e.Dialect().SkipLocked, at(now), limit)
		if err != nil {
			return err
		}
		for i := range claimed {
			d := &claimed[i]
			d.Attempts++
			d.NextAt = now.Add(lease)
			if err := tx.Queue(ctx, `UPDATE logouts SET next_at = $2, attempts = $3 WHERE id = $1`, raw(d.ID), at(d.NextAt), d.Attempts); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

// due spares the writer a look that would find nothing.
func (s logouts) due(ctx context.Context, now time.Time) bool {
	_, err := one(ctx, s.e, logout.ErrUnknown, number, `SELECT 1 FROM logouts WHERE finished_at IS NULL AND next_at <= $1 LIMIT 1`, at(now))
	return err != logout.ErrUnknown //nolint:errorlint // the very value given; another error is for Claim to meet again
}

// held is the lease of one attempt.
const held = ` WHERE id = $1 AND attempts = $2 AND finished_at IS NULL`

func (s logouts) Finish(ctx context.Context, d logout.Delivery, o logout.Outcome, reason string, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE logouts SET finished_at = $3, outcome = $4, reason = $5`+held, raw(d.ID), d.Attempts, at(now), string(o), text(reason))
		return exactly(n, err, logout.ErrLost)
	})
}

func (s logouts) Retry(ctx context.Context, d logout.Delivery, next time.Time, reason string) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE logouts SET next_at = $3, reason = $4`+held, raw(d.ID), d.Attempts, at(next), text(reason))
		return exactly(n, err, logout.ErrLost)
	})
}

func (s logouts) Depth(ctx context.Context) (d logout.Depth, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		return q.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM logouts WHERE finished_at IS NULL),
			(SELECT COUNT(*) FROM logouts WHERE finished_at IS NOT NULL AND outcome = 'dead'),
			(SELECT MIN(created_at) FROM logouts WHERE finished_at IS NULL)`).Scan(&d.Waiting, &d.Dead, timeOf{&d.Oldest})
	})
	return d, err
}

func (s logouts) Stuck(ctx context.Context, after logout.ID, limit int) ([]logout.Delivery, error) {
	return many(ctx, s.e, scanDelivery, `SELECT `+deliveryColumns+` FROM logouts WHERE outcome <> 'delivered' AND id > $1 ORDER BY id LIMIT $2`, raw(after), bounded(limit))
}

func (s logouts) Again(ctx context.Context, id logout.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE logouts SET attempts = 0, next_at = $2, created_at = $2, finished_at = NULL, outcome = ''
			WHERE id = $1 AND outcome <> 'delivered'`, raw(id), at(now))
		return exactly(n, err, logout.ErrUnknown)
	})
}

func (s logouts) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM logouts WHERE id IN (
		SELECT id FROM logouts WHERE finished_at IS NOT NULL AND finished_at < $1 ORDER BY finished_at LIMIT $2)`, at(before), limit)
}
