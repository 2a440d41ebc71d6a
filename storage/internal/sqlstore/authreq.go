package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/secret"
)

type authRequests set

const authRequestColumns = `handle, pushed, origin, client_id, client_version, browser, params, created_at, expires_at, offered_at, completed_at`

func scanAuthRequest(row Row) (r authreq.Request, err error) {
	var params string
	err = row.Scan(bytesOf(r.Handle[:]), truthOf{&r.Pushed}, bytesOf(r.Origin[:]), &r.Client, &r.ClientVersion, bytesOf(r.Browser[:]), &params,
		timeOf{&r.CreatedAt}, timeOf{&r.ExpiresAt}, timeOf{&r.OfferedAt}, timeOf{&r.CompletedAt})
	r.Params = []byte(params)
	return r, err
}

func (s authRequests) Insert(ctx context.Context, r authreq.Request) error {
	pushed := 0
	if r.Pushed {
		pushed = 1
	}
	return s.e.Write(ctx, func(tx Tx) error {
		return tx.Queue(ctx, `INSERT INTO authorization_requests (handle, pushed, origin, client_id, client_version, browser, params, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			r.Handle[:], pushed, seal(r.Origin), text(r.Client), r.ClientVersion, seal(r.Browser), text(string(r.Params)), at(r.CreatedAt), at(r.ExpiresAt))
	})
}

func (s authRequests) ByHandle(ctx context.Context, handle secret.Digest) (authreq.Request, error) {
	return one(ctx, s.e, authreq.ErrUnknown, scanAuthRequest, `SELECT `+authRequestColumns+` FROM authorization_requests WHERE handle = $1`, handle[:])
}

func (s authRequests) Offer(ctx context.Context, handle secret.Digest, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE authorization_requests SET offered_at = $2 WHERE handle = $1 AND completed_at IS NULL AND expires_at > $2`, handle[:], at(now))
		return exactly(n, err, authreq.ErrOver)
	})
}

// Complete touches the request before its origin, so that requests of one origin
// wait for each other there and nowhere else.
func (s authRequests) Complete(ctx context.Context, r authreq.Request, now time.Time) error {
	return s.e.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE authorization_requests SET completed_at = $2 WHERE handle = $1 AND completed_at IS NULL AND expires_at > $2`, r.Handle[:], at(now))
		if err = exactly(n, err, authreq.ErrOver); err != nil || r.Origin.IsZero() {
			return err
		}
		n, err = tx.Exec(ctx, `UPDATE authorization_requests SET completed_at = $2 WHERE handle = $1 AND completed_at IS NULL`, r.Origin[:], at(now))
		return exactly(n, err, authreq.ErrOver)
	})
}

func (s authRequests) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	return deleted(ctx, s.e, `DELETE FROM authorization_requests WHERE handle IN (
		SELECT handle FROM authorization_requests WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, at(before), limit)
}
