package sqlstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// perAct bounds the rows one background act touches, so that it does not hold
// the writer while people wait (TH-26).
const perAct = 100

// Touch is not one act: a use that is lost with a crash is seen again soon.
// Rows are taken in order of id, so that two replicas never wait for each other.
func (s sessions) Touch(ctx context.Context, uses []session.Seen) error {
	uses = slices.Clone(uses)
	slices.SortFunc(uses, func(a, b session.Seen) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for part := range slices.Chunk(uses, perAct) {
		if err := s.e.Write(ctx, func(tx Tx) error { return touch(ctx, tx, part) }); err != nil {
			return err
		}
	}
	return nil
}

func touch(ctx context.Context, tx Tx, uses []session.Seen) error {
	for _, u := range uses {
		err := tx.Queue(ctx, `UPDATE sessions SET last_seen_at = $2,
			lapses_at = CASE WHEN $2 + idle_timeout < expires_at THEN $2 + idle_timeout ELSE expires_at END
			WHERE id = $1 AND ended_at IS NULL AND last_seen_at < $2 AND lapses_at > $2`, raw(u.ID), at(u.At))
		if err != nil {
			return err
		}
	}
	return nil
}

// Expire ends what has run out, because expired once is ended for ever,
// whatever the clock does next (TH-4).
func (s sessions) Expire(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		gone, err := collect(ctx, tx, scanSession, `SELECT `+sessionColumns+` FROM sessions s
			WHERE s.ended_at IS NULL AND s.lapses_at <= $1 ORDER BY s.lapses_at LIMIT $2 `+s.e.Dialect().SkipLocked, at(now), limit)
		if err != nil {
			return err
		}
		n = len(gone)
		for _, v := range gone {
			if err := expire(ctx, tx, v, now); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func expire(ctx context.Context, tx Tx, v session.Session, now time.Time) error {
	cause := session.Idle
	if !now.Before(v.ExpiresAt) {
		cause = session.Expired
	}
	if err := endOne(ctx, tx, v.User, v.ID, cause, now); err != nil {
		return err
	}
	ev := user.System().Event(session.ExpiredEvent, now, v.User).InSession(v.ID.String())
	ev.Reason = string(cause)
	return record(ctx, tx, ev)
}
