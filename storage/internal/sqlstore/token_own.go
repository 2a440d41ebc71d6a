package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// ownHolds is what the tokens of a client's own hang on: no lock is needed for a
// birth, because each use asks again, and the feed kills by version (TH-3).
const (
	ownVersions = `c.disabled = 0 AND c.version = $2 AND ` + clientTokenVersion + ` <= $3`

	clientTokenVersion = `CASE WHEN c.token_version < (SELECT token_floor FROM instance) THEN (SELECT token_floor FROM instance) ELSE c.token_version END`

	keepOwn = `INSERT INTO access_tokens (digest, id, client_id, client_version, token_version, audiences, scope, jkt, x5t, issued_at, expires_at)
		SELECT $4, $5, c.client_id, $2, $3, $6, $7, $8, $9, $10, $11 FROM clients c WHERE c.client_id = $1 AND ` + ownVersions

	ownByDigest = `SELECT t.id, t.client_id, t.client_version, t.token_version, t.audiences, t.scope, t.jkt, t.x5t, t.issued_at, t.expires_at
		FROM access_tokens t JOIN clients c ON c.client_id = t.client_id
		WHERE t.digest = $1 AND t.expires_at > $2 AND t.grant_id IS NULL AND c.disabled = 0 AND c.version = t.client_version
		AND ` + clientTokenVersion + ` <= t.token_version`
)

func (s tokens) KeepOwn(ctx context.Context, o token.Opaque) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, keepOwn, o.Own.Client, o.Own.ClientVersion, o.Own.TokenVersion,
			seal(o.Digest), raw(o.ID), words(o.Audiences), text(o.Scope), text(o.JKT), text(o.X5T), at(o.IssuedAt), at(o.ExpiresAt))
		return exactly(n, err, token.ErrBirth)
	})
}

func (s tokens) OwnByAccess(ctx context.Context, d secret.Digest, now time.Time) (token.Opaque, error) {
	return one(ctx, s.e, token.ErrUnknown, func(row Row) (o token.Opaque, err error) {
		o.Digest = d
		err = row.Scan(bytesOf(o.ID[:]), &o.Own.Client, &o.Own.ClientVersion, &o.Own.TokenVersion, listOf{&o.Audiences}, &o.Scope, &o.JKT, &o.X5T,
			timeOf{&o.IssuedAt}, timeOf{&o.ExpiresAt})
		return o, err
	}, ownByDigest, seal(d), at(now))
}

func (s tokens) OwnAlive(ctx context.Context, o token.Own, id token.AccessID) (alive bool, err error) {
	owner := client.ID(o.Client).Subject()
	err = s.e.Read(ctx, func(q Querier) error {
		n, err := number(q.QueryRow(ctx, `SELECT count(*) FROM clients c WHERE c.client_id = $1 AND `+ownVersions+`
			AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.owner = $4 AND r.kind = 'jti' AND r.value = $5)`,
			text(o.Client), o.ClientVersion, o.TokenVersion, raw(owner), raw(id)))
		alive = n > 0
		return err
	})
	return alive, err
}

// EndOwn counts what a client gave back under its name; one beyond its budget
// loses all tokens of its own instead, and none of other people's (TH-17).
func (s tokens) EndOwn(ctx context.Context, o token.Own, id token.AccessID, d secret.Digest, now time.Time, ev audit.Event) error {
	name := client.ID(o.Client)
	return change(ctx, s.e, ev, func(tx Tx) error {
		if _, err := clients(s).locked(ctx, tx, name); err != nil {
			return otherwiseIs(err, client.ErrUnknown, token.ErrUnknown)
		}
		if !d.IsZero() {
			if err := tx.Queue(ctx, `DELETE FROM access_tokens WHERE digest = $1 AND client_id = $2`, seal(d), o.Client); err != nil {
				return err
			}
		}
		owner := user.ID(name.Subject())
		within, err := withinBudget(ctx, tx, owner, now)
		if err != nil {
			return err
		}
		if within {
			return publish(ctx, tx, revocation.Entry{Kind: revocation.Token, Value: id, At: now}, owner)
		}
		if err := tx.Queue(ctx, `DELETE FROM revocations WHERE owner = $1`, raw(owner)); err != nil {
			return err
		}
		if err := revokeOwn(ctx, tx, name, owner, now); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, name.Value(), 0, now)
	})
}
