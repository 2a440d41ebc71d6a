package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

type sessions set

const sessionColumns = `s.id, s.user_id, s.digest, s.user_version, s.methods, s.assurance, s.authenticated_at, s.created_at, s.last_seen_at,
	s.idle_timeout, s.expires_at, s.ip, s.user_agent, s.place, s.ended_at, s.cause`

func scanSession(row Row) (s session.Session, err error) {
	var idle int64
	var cause string
	err = row.Scan(bytesOf(s.ID[:]), bytesOf(s.User[:]), bytesOf(s.Digest[:]), &s.UserVersion, listOf{&s.Methods}, &s.Assurance,
		timeOf{&s.AuthenticatedAt}, timeOf{&s.CreatedAt}, timeOf{&s.LastSeenAt}, &idle, timeOf{&s.ExpiresAt},
		&s.IP, &s.UserAgent, &s.Place, timeOf{&s.EndedAt}, &cause)
	s.IdleTimeout, s.EndCause = time.Duration(idle)*time.Microsecond, session.Cause(cause)
	return s, err
}

// Insert is one conditional statement (TH-1). The lock comes first, in a
// statement of its own, so that the condition sees what the act it waited for
// has committed. Counting against a limit needs the account for itself.
func (s sessions) Insert(ctx context.Context, v session.Session, passwordVersion int64, limit int, ev audit.Event) (ended []session.ID, err error) {
	how := s.e.Dialect().ForShare
	if limit > 0 {
		how = s.e.Dialect().ForUpdate
	}
	sql, row, happened := insertSession(how == ""), append(sessionRow(v, passwordVersion), limit), eventRow(ev)
	err = s.e.Write(ctx, func(tx Tx) error {
		ended = nil
		if how != "" {
			if err := lock(ctx, tx, v.User, how); err != nil {
				return otherwiseIs(err, user.ErrUnknown, session.ErrBirth)
			}
		}
		row[len(row)-1] = limit
		n, err := tx.Exec(ctx, sql, row...)
		full := err == nil && n == 0 && limit > 0 // or the account is not what was proven
		if full {
			row[len(row)-1] = 0
			n, err = tx.Exec(ctx, sql, row...)
		}
		if err = exactly(n, err, session.ErrBirth); err != nil {
			return err
		}
		if err := happened.add(ctx, tx); err != nil || !full {
			return err
		}
		ended, err = makeRoom(ctx, tx, v, limit, ev)
		return err
	})
	return ended, err
}

// insertSession is the statement that inserts what sessionRow makes and a limit, if
// the account and its password are what was proven and it has fewer sessions. A
// writer who is alone need not prepare for undoing many rows, as it does for an
// INSERT from a SELECT: there the account's id is NULL, which no row takes, when it
// is not. Counting what has not ended touches only an index.
func insertSession(alone bool) string {
	const (
		into = ` INTO sessions (id, user_id, digest, user_version, methods, assurance, authenticated_at, created_at,
			last_seen_at, idle_timeout, expires_at, lapses_at, ip, user_agent, place) `
		rest   = `, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15`
		proven = ` FROM users u WHERE u.id = $2 AND u.state = 'active' AND u.version = $4 AND (CAST($17 AS BIGINT) <= 0 OR u.revision = $17)
			AND (CAST($16 AS BIGINT) <= 0 OR EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id AND p.version = $16))
			AND (CAST($18 AS BIGINT) <= 0 OR (SELECT count(*) FROM sessions o WHERE o.user_id = $2 AND o.ended_at IS NULL) < $18)`
	)
	if alone {
		return `INSERT OR IGNORE` + into + `VALUES ($1, (SELECT u.id` + proven + `)` + rest + `)`
	}
	return `INSERT` + into + `SELECT $1, u.id` + rest + proven
}

func sessionRow(v session.Session, passwordVersion int64) []any {
	return []any{
		raw(v.ID), raw(v.User), v.Digest[:], v.UserVersion, words(v.Methods), v.Assurance, at(v.AuthenticatedAt), at(v.CreatedAt),
		at(v.LastSeenAt), v.IdleTimeout.Microseconds(), at(v.ExpiresAt), at(lapses(v)), text(v.IP), text(v.UserAgent), text(v.Place),
		passwordVersion, v.UserRevision,
	}
}

// lapses is the earlier of both limits (SE-20).
func lapses(v session.Session) time.Time {
	if idle := v.LastSeenAt.Add(v.IdleTimeout); idle.Before(v.ExpiresAt) {
		return idle
	}
	return v.ExpiresAt
}

// makeRoom ends what an account has beyond its limit, longest unseen first,
// but never the session just born (SE-27).
func makeRoom(ctx context.Context, tx Tx, v session.Session, limit int, ev audit.Event) ([]session.ID, error) {
	old, err := collect(ctx, tx, scanID, `SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND lapses_at > $2 AND id <> $3
		ORDER BY last_seen_at DESC, id DESC LIMIT 1000 OFFSET $4`, raw(v.User), at(v.CreatedAt), raw(v.ID), limit-1)
	if err != nil {
		return nil, err
	}
	ended := make([]session.ID, len(old))
	for i, id := range old {
		ended[i] = id
		if err := endOne(ctx, tx, v.User, id, session.LimitReached, v.CreatedAt); err != nil {
			return nil, err
		}
		event := audit.New(session.LimitExceeded, v.CreatedAt, ev.Actor, ev.Source, ev.Subject).InSession(ended[i].String())
		if err := record(ctx, tx, event); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

func endOne(ctx context.Context, tx Tx, owner user.ID, id [16]byte, cause session.Cause, now time.Time) error {
	err := tx.Queue(ctx, `UPDATE sessions SET ended_at = $2, cause = $3 WHERE id = $1 AND ended_at IS NULL`, raw(id), at(now), string(cause))
	if err != nil {
		return err
	}
	if err := revokeOne(ctx, tx, revocation.Session, id, owner, now); err != nil {
		return err
	}
	return endGrantsIn(ctx, tx, owner, id, now)
}

func (s sessions) ByDigest(ctx context.Context, d secret.Digest) (session.Session, error) {
	return one(ctx, s.e, session.ErrEnded, scanSession, `SELECT `+sessionColumns+` FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.digest = $1 AND u.state = 'active' AND u.version = s.user_version`, d[:])
}

func (s sessions) ByID(ctx context.Context, id session.ID) (session.Session, error) {
	return one(ctx, s.e, session.ErrUnknown, scanSession, `SELECT `+sessionColumns+` FROM sessions s WHERE s.id = $1`, raw(id))
}

func (s sessions) Of(ctx context.Context, owner user.ID, now time.Time) ([]session.Session, error) {
	return many(ctx, s.e, scanSession, `SELECT `+sessionColumns+` FROM sessions s
		WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.lapses_at > $2 ORDER BY s.last_seen_at DESC, s.id DESC LIMIT 200`, raw(owner), at(now))
}

// Rotate is a birth too: the account must still be what was proven (TH-1).
// Copies of the old secret in caches are told by the account's refresh.
func (s sessions) Rotate(ctx context.Context, v session.Session, old secret.Digest, passwordVersion int64, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if how := s.e.Dialect().ForShare; how != "" {
			if err := lock(ctx, tx, v.User, how); err != nil {
				return otherwiseIs(err, user.ErrUnknown, session.ErrEnded)
			}
		}
		n, err := tx.Exec(ctx, `UPDATE sessions SET digest = $4, user_version = $5, methods = $6, assurance = $7, authenticated_at = $8
			WHERE id = $1 AND user_id = $2 AND digest = $3 AND ended_at IS NULL AND lapses_at > $9
			AND EXISTS (SELECT 1 FROM users u WHERE u.id = $2 AND u.state = 'active' AND u.version = $5
			AND (CAST($10 AS BIGINT) <= 0 OR EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id AND p.version = $10)))`,
			raw(v.ID), raw(v.User), old[:], v.Digest[:], v.UserVersion, words(v.Methods), v.Assurance, at(v.AuthenticatedAt), at(now), passwordVersion)
		if err = exactly(n, err, session.ErrEnded); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, v.User, 0, now)
	})
}

func (s sessions) End(ctx context.Context, owner user.ID, id session.ID, cause session.Cause, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE sessions SET ended_at = $3, cause = $4
			WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND lapses_at > $3`, raw(id), raw(owner), at(now), string(cause))
		if err = exactly(n, err, session.ErrUnknown); err != nil {
			return err
		}
		if err := revokeOne(ctx, tx, revocation.Session, id, owner, now); err != nil {
			return err
		}
		return endGrantsIn(ctx, tx, owner, id, now)
	})
}

// EndAll raises the version first: whoever inserts meanwhile waits for the row,
// and then finds another version (TH-1).
func (s sessions) EndAll(ctx context.Context, owner user.ID, except session.ID, cause session.Cause, now time.Time, ev audit.Event) (ended int, err error) {
	err = change(ctx, s.e, ev, func(tx Tx) error {
		version, tokens, err := raise(ctx, tx, owner, now)
		if err != nil {
			return err
		}
		if ended, err = endSessions(ctx, tx, owner, except, cause, now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sessions SET user_version = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL`, raw(except), raw(owner), version)
		if err != nil {
			return err
		}
		if err := endGrantsOf(ctx, tx, owner, now); err != nil {
			return err
		}
		if err := spendProofs(ctx, tx, owner, now, proof.Recover, proof.Address, proof.SignIn, proof.Enter, proof.Phone, proof.Number); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Subject, owner, tokens, now)
	})
	return ended, err
}

// endSessions ends every session of owner but except and counts them. One
// entry for the account tells of all: the caller raised its version.
func endSessions(ctx context.Context, tx Tx, owner user.ID, except session.ID, cause session.Cause, now time.Time) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE sessions SET ended_at = $3, cause = $4 WHERE user_id = $1 AND ended_at IS NULL AND id <> $2`,
		raw(owner), raw(except), at(now), string(cause))
	return int(n), err
}

func (s sessions) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM sessions WHERE id IN (
		SELECT id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at LIMIT $2)`, at(before), limit)
}
