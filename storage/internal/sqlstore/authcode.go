package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/secret"
)

type authcodes set

const codeColumns = `digest, client_id, client_version, user_id, user_version, session_id, redirect_uri, redirect_given, challenge, nonce, scope,
	audiences, jkt, methods, acr, authenticated_at, claims, details, offline, created_at, expires_at`

func scanCode(row Row) (c authcode.Code, err error) {
	err = row.Scan(bytesOf(c.Digest[:]), &c.Client, &c.ClientVersion, bytesOf(c.User[:]), &c.UserVersion, bytesOf(c.Session[:]),
		&c.RedirectURI, truthOf{&c.RedirectGiven}, &c.Challenge, &c.Nonce, &c.Scope, listOf{&c.Audiences}, &c.JKT, listOf{&c.Methods},
		&c.ACR, timeOf{&c.AuthTime}, jsonOf{&c.Claims}, jsonOf{&c.Details}, truthOf{&c.Offline}, timeOf{&c.CreatedAt}, timeOf{&c.ExpiresAt},
		timeOf{&c.RedeemedAt}, bytesOf(c.Grant[:]))
	return c, err
}

// Insert takes the lock in a statement of its own, so that the condition sees
// what the act it waited for has committed (TH-1).
func (s authcodes) Insert(ctx context.Context, c authcode.Code, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := queueLock(ctx, tx, s.e.Dialect().ForShare, account, c.User); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO codes (`+codeColumns+`)
			SELECT $1, c.client_id, c.version, u.id, u.version, s.id, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
			FROM users u JOIN clients c ON c.client_id = $2 JOIN sessions s ON s.id = $6
			WHERE u.id = $4 AND u.state = 'active' AND u.version = $5 AND c.version = $3 AND c.disabled = 0
			AND s.user_id = u.id AND s.ended_at IS NULL AND s.lapses_at > $20`,
			c.Digest[:], text(c.Client), c.ClientVersion, raw(c.User), c.UserVersion, raw(c.Session), text(c.RedirectURI), c.RedirectGiven,
			text(c.Challenge), text(c.Nonce), text(c.Scope), words(c.Audiences), text(c.JKT), words(c.Methods), text(c.ACR), at(c.AuthTime),
			text(string(c.Claims)), text(string(c.Details)), c.Offline, at(c.CreatedAt), at(c.ExpiresAt))
		return exactly(n, err, authcode.ErrBirth)
	})
}

func (s authcodes) ByDigest(ctx context.Context, d secret.Digest) (authcode.Code, error) {
	return one(ctx, s.e, authcode.ErrUnknown, scanCode, `SELECT `+codeColumns+`, redeemed_at, grant_id FROM codes WHERE digest = $1`, d[:])
}

func (s authcodes) Redeem(ctx context.Context, d secret.Digest, grant [16]byte, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE codes SET redeemed_at = $2, grant_id = $3 WHERE digest = $1 AND redeemed_at IS NULL AND expires_at > $2
			AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = codes.session_id AND s.ended_at IS NULL AND s.lapses_at > $2)`, d[:], at(now), raw(grant))
		return exactly(n, err, authcode.ErrSpent)
	})
}

func (s authcodes) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM codes WHERE digest IN (SELECT digest FROM codes WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}

// jsonOf fills a JSON text; the empty text is none.
type jsonOf struct{ v *json.RawMessage }

func (dst jsonOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a JSON text, got %T", src)
	}
	*dst.v = nil
	if s != "" {
		*dst.v = json.RawMessage(s)
	}
	return nil
}
