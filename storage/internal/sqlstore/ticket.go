package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
)

type tickets set

const parkedColumns = `handle, host, url, nonce, ticket, ticket_until, session_id, user_id, created_at, expires_at`

func scanParked(row Row) (p ticket.Parked, err error) {
	err = row.Scan(bytesOf(p.Handle[:]), &p.Host, &p.URL, bytesOf(p.Nonce[:]), bytesOf(p.Ticket[:]), timeOf{&p.Until},
		bytesOf(p.Session[:]), bytesOf(p.User[:]), timeOf{&p.CreatedAt}, timeOf{&p.ExpiresAt})
	return p, err
}

func (s tickets) Park(ctx context.Context, p ticket.Parked) error {
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO parked (handle, host, url, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			p.Handle[:], text(p.Host), text(p.URL), at(p.CreatedAt), at(p.ExpiresAt))
	})
}

func (s tickets) Bind(ctx context.Context, old, handle, nonce secret.Digest, now time.Time) error {
	return s.spend(ctx, ticket.ErrParked, `UPDATE parked SET handle = $2, nonce = $3 WHERE handle = $1 AND nonce IS NULL AND used_at IS NULL AND expires_at > $4`,
		old[:], handle[:], nonce[:], at(now))
}

func (s tickets) Issue(ctx context.Context, handle, t secret.Digest, session [16]byte, owner user.ID, until, now time.Time) error {
	return s.spend(ctx, ticket.ErrParked, `UPDATE parked SET ticket = $2, session_id = $3, user_id = $4, ticket_until = $5
		WHERE handle = $1 AND nonce IS NOT NULL AND used_at IS NULL AND expires_at > $6`,
		handle[:], t[:], raw(session), raw(owner), at(until), at(now))
}

// spend runs one conditional statement that must hit a row.
func (s tickets) spend(ctx context.Context, absent error, sql string, args ...any) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, sql, args...)
		return exactly(n, err, absent)
	})
}

func (s tickets) ByHandle(ctx context.Context, handle secret.Digest, now time.Time) (ticket.Parked, error) {
	return one(ctx, s.e, ticket.ErrParked, scanParked, `SELECT `+parkedColumns+` FROM parked WHERE handle = $1 AND used_at IS NULL AND expires_at > $2`,
		handle[:], at(now))
}

func (s tickets) ByTicket(ctx context.Context, t secret.Digest, now time.Time) (ticket.Parked, error) {
	return one(ctx, s.e, ticket.ErrTicket, scanParked, `SELECT `+parkedColumns+` FROM parked
		WHERE ticket = $1 AND used_at IS NULL AND ticket_until > $2 AND expires_at > $2`, t[:], at(now))
}

// Redeem is a birth (TH-1): the lock comes first, in a statement of its own.
func (s tickets) Redeem(ctx context.Context, p ticket.Parked, g ticket.Gate, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if how := s.e.Dialect().ForShare; how != "" {
			if err := lock(ctx, tx, g.User, how); err != nil {
				return otherwiseIs(err, user.ErrUnknown, ticket.ErrTicket)
			}
		}
		n, err := tx.Exec(ctx, `UPDATE parked SET used_at = $6 WHERE ticket = $1 AND nonce = $2 AND host = $3 AND session_id = $4 AND user_id = $5
			AND used_at IS NULL AND ticket_until > $6 AND expires_at > $6`,
			p.Ticket[:], p.Nonce[:], text(g.Host), raw(g.Session), raw(g.User), at(now))
		if err = exactly(n, err, ticket.ErrTicket); err != nil {
			return err
		}
		n, err = tx.Exec(ctx, `INSERT INTO gates (digest, host, session_id, user_id, created_at)
			SELECT $1, $2, s.id, s.user_id, $3 FROM sessions s JOIN users u ON u.id = s.user_id
			WHERE s.id = $4 AND s.user_id = $5 AND s.ended_at IS NULL AND s.lapses_at > $3 AND u.state = 'active' AND u.version = s.user_version`,
			g.Digest[:], text(g.Host), at(now), raw(g.Session), raw(g.User))
		if err = exactly(n, err, ticket.ErrTicket); err != nil {
			return err
		}
		return tx.Queue(ctx, `DELETE FROM gates WHERE session_id = $1 AND host = $2 AND created_at < $3`,
			raw(g.Session), text(g.Host), at(now.Add(-time.Minute)))
	})
}

func (s tickets) Open(ctx context.Context, gate secret.Digest) (ticket.Opened, error) {
	return one(ctx, s.e, ticket.ErrGate, func(row Row) (o ticket.Opened, err error) {
		err = row.Scan(&o.Host, bytesOf(o.Session[:]))
		return o, err
	}, `SELECT g.host, s.digest FROM gates g JOIN sessions s ON s.id = g.session_id WHERE g.digest = $1`, gate[:])
}

// Close tells caches by the account: an entry that named the session would end
// its other gates too.
func (s tickets) Close(ctx context.Context, gate secret.Digest, owner user.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM gates WHERE digest = $1 AND user_id = $2`, gate[:], raw(owner))
		if err = exactly(n, err, ticket.ErrGate); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, owner, 0, now)
	})
}

func (s tickets) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM parked WHERE handle IN (
		SELECT handle FROM parked WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}
