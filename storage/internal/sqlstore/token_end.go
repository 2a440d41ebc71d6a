package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

const endGrant = `UPDATE grants SET ended_at = $2, cause = $3, successor = NULL WHERE ended_at IS NULL AND `

// End is about a grant that has not ended, alive or not: what its account or
// client has ended already needs an end of its own too, or its successor stays.
func (s tokens) End(ctx context.Context, id token.ID, cause token.Cause, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		// The account before its grants, as everywhere: its revocations may have to
		// become one of the account.
		if err := queueLock(ctx, tx, s.e.Dialect().ForUpdate, accountOfGrant, id); err != nil {
			return err
		}
		owner, err := scanUserID(tx.QueryRow(ctx, endGrant+`id = $1 RETURNING user_id`, raw(id), at(now), string(cause)))
		if err != nil {
			return otherwise(err, token.ErrUnknown)
		}
		return revokeOne(ctx, tx, revocation.Grant, id, owner, now)
	})
}

func (s tokens) EndOf(ctx context.Context, owner user.ID, client string, cause token.Cause, now time.Time, ev audit.Event) (ended int, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		if err := queueLock(ctx, tx, s.e.Dialect().ForUpdate, account, owner); err != nil {
			return err
		}
		var err error
		if ended, err = endGrantsFor(ctx, tx, owner, client, cause, now); err != nil || ended == 0 {
			return err
		}
		return record(ctx, tx, ev)
	})
	return ended, err
}

// endGrantsFor ends the owner's grants for a client (empty: any), each with its
// revocation, and returns how many.
func endGrantsFor(ctx context.Context, tx Tx, owner user.ID, client string, cause token.Cause, now time.Time) (int, error) {
	ids, err := collect(ctx, tx, scanID, endGrant+`user_id = $1 AND (client_id = $4 OR $4 = '') RETURNING id`,
		raw(owner), at(now), string(cause), text(client))
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := revokeOne(ctx, tx, revocation.Grant, id, owner, now); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// endGrantsOf ends an account's grants with it. It tells nobody: the caller
// raised the account's version and says so.
func endGrantsOf(ctx context.Context, tx Tx, owner user.ID, now time.Time) error {
	return tx.Queue(ctx, endGrant+`user_id = $1`, raw(owner), at(now), string(token.AccountMoved))
}

// endGrantsIn ends what was bound to a session that ends.
func endGrantsIn(ctx context.Context, tx Tx, owner user.ID, session [16]byte, now time.Time) error {
	return tx.Queue(ctx, endGrant+`user_id = $1 AND session_id = $4`, raw(owner), at(now), string(token.SignedOut), raw(session))
}

var (
	opaqueByDigest = `SELECT ` + grantColumns + `, t.id, t.grant_id, t.audiences, t.scope, t.jkt, t.x5t, t.issued_at, t.expires_at, ` + authorityColumns + `
		FROM access_tokens t JOIN grants ON grants.id = t.grant_id WHERE t.digest = $1 AND t.expires_at > $2 AND ` + grantAlive(2)

	// The page is cut before anything is joined to it.
	grantsPage = `SELECT grants.id, grants.user_id, grants.client_id, CASE WHEN ` + grantAlive(2) + ` OR grants.ended_at IS NOT NULL THEN ''
		WHEN grants.lapses_at <= $2 THEN CASE WHEN grants.lapses_at < grants.expires_at THEN 'idle' ELSE 'expired' END
		WHEN NOT ` + accountHolds + ` THEN 'account' WHEN NOT ` + clientHolds + ` THEN 'client' ELSE 'signed_out' END
		FROM (SELECT * FROM grants WHERE id > $1 ORDER BY id LIMIT $3) AS grants ORDER BY grants.id`
)

// ByAccess reads roles and organisations of this moment, so losing a role needs
// no word to opaque tokens.
func (s tokens) ByAccess(ctx context.Context, d secret.Digest, now time.Time) (o token.Opaque, g token.Grant, a token.Authority, err error) {
	o.Digest = d
	err = s.e.Read(ctx, func(q Querier) error {
		var members int
		g, err = scanGrantAnd(q.QueryRow(ctx, opaqueByDigest, seal(d), at(now)), bytesOf(o.ID[:]), bytesOf(o.Grant[:]), listOf{&o.Audiences},
			&o.Scope, &o.JKT, &o.X5T, timeOf{&o.IssuedAt}, timeOf{&o.ExpiresAt}, &a.TokenVersion, namesOf{&a.Roles}, &members)
		if err != nil {
			return otherwise(err, token.ErrUnknown)
		}
		a.ClientVersion = g.ClientVersion
		if members > 0 {
			a.Organizations, err = memberships(ctx, q, g.User)
		}
		return err
	})
	return o, g, a, err
}

func (s tokens) EndAccess(ctx context.Context, d secret.Digest, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		var id, grant [16]byte
		err := tx.QueryRow(ctx, `DELETE FROM access_tokens WHERE digest = $1 RETURNING id, grant_id`, seal(d)).Scan(bytesOf(id[:]), bytesOf(grant[:]))
		if err != nil {
			return otherwise(err, token.ErrUnknown)
		}
		return endAccess(ctx, tx, grant, id, now)
	})
}

func (s tokens) EndJWT(ctx context.Context, of token.ID, id token.AccessID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error { return endAccess(ctx, tx, of, id, now) })
}

func endAccess(ctx context.Context, tx Tx, grant, id [16]byte, now time.Time) error {
	owner, err := scanUserID(tx.QueryRow(ctx, `SELECT user_id FROM grants WHERE id = $1`, raw(grant)))
	if err != nil {
		return otherwise(err, token.ErrUnknown)
	}
	return revokeOne(ctx, tx, revocation.Token, id, owner, now)
}

// buried is a grant that is over and does not say so yet.
type buried struct {
	id     token.ID
	owner  user.ID
	client string
	cause  token.Cause
}

// Bury looks beside the writer, and troubles it only with what it found.
func (s tokens) Bury(ctx context.Context, after token.ID, now time.Time, limit int) (next token.ID, ended int, err error) {
	page, err := many(ctx, s.e, scanBuried, grantsPage, raw(after), at(now), limit)
	if err != nil {
		return next, 0, err
	}
	if len(page) == limit {
		next = page[limit-1].id
	}
	if page = slices.DeleteFunc(page, func(b buried) bool { return b.cause == "" }); len(page) == 0 {
		return next, 0, nil
	}
	err = s.e.Write(ctx, func(tx Tx) error {
		ended = 0
		for _, b := range page {
			n, err := tx.Exec(ctx, buryGrant, raw(b.id), at(now), string(b.cause))
			if err != nil {
				return err
			}
			ended += int(n)
			if n > 0 {
				ev := user.System().Event(token.ExpiredEvent, now, b.owner).With("grant", b.id.String())
				ev.Client, ev.Reason = b.client, string(b.cause)
				if err := record(ctx, tx, ev); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return next, ended, err
}

// buryGrant asks again: it may have been used meanwhile.
var buryGrant = `UPDATE grants SET ended_at = $2, cause = $3, successor = NULL WHERE grants.id = $1 AND grants.ended_at IS NULL AND NOT (` + grantAlive(2) + `)`

func scanBuried(row Row) (b buried, err error) {
	var cause string
	err = row.Scan(bytesOf(b.id[:]), bytesOf(b.owner[:]), &b.client, &cause)
	b.cause = token.Cause(cause)
	return b, err
}

func (s tokens) Sweep(ctx context.Context, before, now time.Time, limit int) (int, error) {
	grants, err := deleted(ctx, s.e, `DELETE FROM grants WHERE id IN (
		SELECT id FROM grants WHERE ended_at IS NOT NULL AND ended_at < $1 ORDER BY ended_at LIMIT $2)`, at(before), limit)
	if err != nil {
		return grants, err
	}
	access, err := deleted(ctx, s.e, `DELETE FROM access_tokens WHERE digest IN (
		SELECT digest FROM access_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`, at(now), limit)
	return grants + access, err
}
