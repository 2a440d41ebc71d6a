package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

type tokens set

const grantColumns = `grants.id, grants.user_id, grants.user_version, grants.client_id, grants.client_version, grants.session_id, grants.audiences, grants.scope, grants.sender, grants.sender_key,
	grants.methods, grants.acr, grants.authenticated_at, grants.created_at, grants.idle_timeout, grants.expires_at, grants.access_until, grants.rotates,
	grants.generation, grants.digest, grants.parent, grants.successor, grants.rotated_at, grants.rotated_from, grants.claims, grants.details, grants.replayed, grants.replays_in_row, grants.replays, grants.lapses_at,
	grants.ended_at, grants.cause`

func grantFields(g *token.Grant, idle *int64, sender, cause *string) []any {
	f := &g.Family
	return []any{
		bytesOf(g.ID[:]), bytesOf(g.User[:]), &g.UserVersion, &g.Client, &g.ClientVersion, bytesOf(g.Session[:]),
		listOf{&g.Audiences},
		&g.Scope, sender, &g.Sender.Key,
		listOf{&g.Methods},
		&g.ACR,
		timeOf{&g.AuthTime},
		timeOf{&g.CreatedAt},
		idle,
		timeOf{&g.ExpiresAt},
		timeOf{&g.AccessUntil},
		truthOf{&g.Rotates},
		&f.Generation, bytesOf(f.Digest[:]), bytesOf(f.Parent[:]), &f.Successor,
		timeOf{&f.RotatedAt},
		&f.RotatedFrom,
		jsonOf{&g.Claims},
		jsonOf{&g.Details},
		truthOf{&f.Replayed},
		&f.InRow, &f.InAll,
		timeOf{&f.LapsesAt},
		timeOf{&g.EndedAt},
		cause,
	}
}

func scanGrantAnd(row Row, more ...any) (g token.Grant, err error) {
	var idle int64
	var sender, cause string
	err = row.Scan(append(grantFields(&g, &idle, &sender, &cause), more...)...)
	g.IdleTimeout, g.Sender.Kind, g.Cause = time.Duration(idle)*time.Microsecond, token.SenderKind(sender), token.Cause(cause)
	return g, err
}

func scanGrant(row Row) (token.Grant, error) { return scanGrantAnd(row) }

// The parts of aliveness. now is the number of the parameter that holds it.
const (
	accountHolds = `EXISTS (SELECT 1 FROM users u WHERE u.id = grants.user_id AND u.state = 'active' AND u.version = grants.user_version)`
	clientHolds  = `EXISTS (SELECT 1 FROM clients c WHERE c.client_id = grants.client_id AND c.disabled = 0 AND c.version = grants.client_version)`
)

func sessionHolds(now int) string {
	return fmt.Sprintf(`(grants.session_id IS NULL OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = grants.session_id AND s.ended_at IS NULL AND s.lapses_at > $%d))`, now)
}

func grantAlive(now int) string {
	return fmt.Sprintf(`grants.ended_at IS NULL AND grants.lapses_at > $%d AND `, now) + accountHolds + ` AND ` + clientHolds + ` AND ` + sessionHolds(now)
}

// Finished texts: none is put together while people wait.
var (
	grantByID = `SELECT ` + grantColumns + `, CASE WHEN ` + grantAlive(2) + ` THEN 1 ELSE 0 END FROM grants WHERE grants.id = $1`

	// What is asked is of the same moment, and costs no statement more. Of a grant in
	// a session nothing is looked up.
	grantAsked = `SELECT ` + grantColumns + `, CASE WHEN ` + grantAlive(2) + ` THEN 1 ELSE 0 END,
		CASE WHEN grants.session_id IS NULL AND ` + askedOf("grants") + ` THEN (SELECT grace FROM signin_policy) ELSE -1 END,
		(SELECT d.since FROM signin_demands d WHERE d.user_id = grants.user_id) FROM grants WHERE grants.id = $1`

	moveGrant = `UPDATE grants SET generation = $3, digest = $4, parent = $5, successor = $6, rotated_at = $7, rotated_from = $8,
		replayed = $9, replays_in_row = $10, replays = $11, lapses_at = $12,
		access_until = CASE WHEN grants.access_until < $13 THEN $13 ELSE grants.access_until END
		WHERE grants.id = $1 AND grants.generation = $14 AND grants.digest = $15 AND grants.replayed = $16 AND grants.replays = $17 AND ` + grantAlive(2) + `
		RETURNING grants.user_id, grants.client_version, ` + authorityColumns

	// authorityColumns are what a token says of an account, of one moment.
	authorityColumns = `(SELECT ` + tokenVersion + ` FROM users u WHERE u.id = grants.user_id),
		(SELECT string_agg(r.role, ' ') FROM user_roles r WHERE r.user_id = grants.user_id),
		(SELECT count(*) FROM members m WHERE m.user_id = grants.user_id)`
)

// Begin takes the lock in a statement of its own, so that the condition sees
// what the act it waited for has committed (TH-1).
func (s tokens) Begin(ctx context.Context, g token.Grant, o *token.Opaque, ev audit.Event) (a token.Authority, err error) {
	err = s.e.Write(ctx, func(tx Tx) (err error) {
		if err := queueLock(ctx, tx, s.e.Dialect().ForShare, account, g.User); err != nil {
			return err
		}
		if a, err = beginGrant(ctx, tx, &g); err != nil {
			return otherwise(err, token.ErrBirth)
		}
		return keepAccess(ctx, tx, o, ev)
	})
	return a, err
}

func beginGrant(ctx context.Context, tx Tx, g *token.Grant) (token.Authority, error) {
	f := &g.Family
	return authority(ctx, tx, tx.QueryRow(ctx, `INSERT INTO grants (id, user_id, user_version, client_id, client_version, session_id, audiences, scope,
		sender, sender_key, methods, acr, authenticated_at, created_at, idle_timeout, expires_at, access_until, rotates,
		generation, digest, rotated_at, rotated_from, claims, details, replayed, replays_in_row, replays, lapses_at)
		SELECT $1, u.id, u.version, c.client_id, c.version, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $24, $25, 0, 0, 0, $23
		FROM users u JOIN clients c ON c.client_id = $4
		WHERE u.id = $2 AND u.state = 'active' AND u.version = $3 AND c.version = $5 AND c.disabled = 0
		AND (CAST($6 AS BYTEA) IS NULL OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = $6 AND s.user_id = u.id AND s.ended_at IS NULL AND s.lapses_at > $14))
		RETURNING grants.user_id, grants.client_version, `+authorityColumns,
		raw(g.ID), raw(g.User), g.UserVersion, text(g.Client), g.ClientVersion, ref(g.Session), words(g.Audiences), text(g.Scope),
		string(g.Sender.Kind), text(g.Sender.Key), words(g.Methods), text(g.ACR), at(g.AuthTime), at(g.CreatedAt), g.IdleTimeout.Microseconds(),
		at(g.ExpiresAt), at(g.AccessUntil), g.Rotates, f.Generation, seal(f.Digest), at(f.RotatedAt), text(f.RotatedFrom), at(f.LapsesAt),
		text(string(g.Claims)), text(string(g.Details))))
}

func (s tokens) ByID(ctx context.Context, id token.ID, now time.Time) (g token.Grant, alive bool, err error) {
	g, err = one(ctx, s.e, token.ErrUnknown, func(row Row) (token.Grant, error) {
		return scanGrantAnd(row, truthOf{&alive})
	}, grantByID, raw(id), at(now))
	return g, alive, err
}

func (s tokens) Asked(ctx context.Context, id token.ID, now time.Time) (g token.Grant, alive bool, d token.Demand, err error) {
	g, err = one(ctx, s.e, token.ErrUnknown, func(row Row) (token.Grant, error) {
		return scanGrantAnd(row, truthOf{&alive}, secondsOf{&d.Grace}, timeOf{&d.Since})
	}, grantAsked, raw(id), at(now))
	if d.Asked = d.Grace >= 0 && err == nil; !d.Asked {
		d = token.Demand{}
	}
	return g, alive, d, err
}

// Move is one statement beside the lock, the opaque token and the event. Its
// row count says who won.
func (s tokens) Move(ctx context.Context, m token.Move, ev audit.Event) (a token.Authority, err error) {
	f := &m.Next
	err = s.e.Write(ctx, func(tx Tx) (err error) {
		if err := queueLock(ctx, tx, s.e.Dialect().ForShare, accountOfGrant, m.Grant); err != nil {
			return err
		}
		a, err = authority(ctx, tx, tx.QueryRow(ctx, moveGrant, raw(m.Grant), at(m.Now), f.Generation, seal(f.Digest), seal(f.Parent), octets(f.Successor),
			at(f.RotatedAt), text(f.RotatedFrom), f.Replayed, f.InRow, f.InAll, at(f.LapsesAt), at(m.AccessUntil),
			m.Seen.Generation, seal(m.Seen.Digest), m.Seen.Replayed, m.Seen.InAll))
		if err != nil {
			return otherwise(err, token.ErrMoved)
		}
		if m.Asked {
			if err := tx.Queue(ctx, beginOf, raw(m.Grant), at(m.Now)); err != nil {
				return err
			}
		}
		return keepAccess(ctx, tx, m.Access, ev)
	})
	return a, err
}

// The account's row, to be locked.
const (
	account        = `SELECT version FROM users WHERE id = $1 `
	accountOfGrant = `SELECT version FROM users WHERE id = (SELECT user_id FROM grants WHERE id = $1) `
)

// queueLock locks a row in a statement of its own that travels with the next:
// that one sees what the act it waited for has committed.
func queueLock(ctx context.Context, tx Tx, how, sql string, id [16]byte) error {
	if how == "" {
		return nil
	}
	return tx.Queue(ctx, sql+how, raw(id))
}

// authority reads authorityColumns, and the memberships of those who have some.
func authority(ctx context.Context, tx Tx, row Row) (a token.Authority, err error) {
	var owner user.ID
	var members int
	err = row.Scan(bytesOf(owner[:]), &a.ClientVersion, &a.TokenVersion, namesOf{&a.Roles}, &members)
	if err != nil || members == 0 {
		return a, err
	}
	a.Organizations, err = memberships(ctx, tx, owner)
	return a, err
}

func memberships(ctx context.Context, q Querier, owner user.ID) ([]token.Membership, error) {
	return collect(ctx, q, scanTokenMembership, `SELECT m.organization_id, o.slug,
		(SELECT string_agg(r.role, ' ') FROM member_roles r WHERE r.organization_id = m.organization_id AND r.user_id = m.user_id)
		FROM members m JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = $1 ORDER BY o.slug LIMIT $2`,
		raw(owner), token.MaxOrganizations)
}

func scanTokenMembership(row Row) (m token.Membership, err error) {
	var org organization.ID
	err = row.Scan(bytesOf(org[:]), &m.Slug, namesOf{&m.Roles})
	m.ID = org.String()
	return m, err
}

// keepAccess ends an act that mints: the opaque token, if it is one, and the event.
func keepAccess(ctx context.Context, tx Tx, o *token.Opaque, ev audit.Event) error {
	if o != nil {
		err := tx.Queue(ctx, `INSERT INTO access_tokens (digest, id, grant_id, audiences, scope, jkt, x5t, issued_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, seal(o.Digest), raw(o.ID), raw(o.Grant), words(o.Audiences), text(o.Scope),
			text(o.JKT), text(o.X5T), at(o.IssuedAt), at(o.ExpiresAt))
		if err != nil {
			return err
		}
	}
	return record(ctx, tx, ev)
}

func (s tokens) Of(ctx context.Context, owner user.ID, now time.Time) ([]token.Grant, error) {
	return many(ctx, s.e, scanGrant, grantsOf, raw(owner), at(now))
}

var grantsOf = `SELECT ` + grantColumns + ` FROM grants WHERE grants.user_id = $1 AND ` + grantAlive(2) + ` ORDER BY grants.created_at DESC, grants.id LIMIT 200`
