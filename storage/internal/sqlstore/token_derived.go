package sqlstore

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

var deriveGrant = `UPDATE grants SET access_until = CASE WHEN grants.access_until < $3 THEN $3 ELSE grants.access_until END
	WHERE grants.id = $1 AND ` + grantAlive(2)

// Derive is a birth (TH-1): the lock comes first, in a statement of its own.
func (s tokens) Derive(ctx context.Context, id token.ID, audiences []string, until, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := queueLock(ctx, tx, s.e.Dialect().ForShare, accountOfGrant, id); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, deriveGrant, raw(id), at(now), at(until))
		if err = exactly(n, err, token.ErrBirth); err != nil {
			return err
		}
		for _, audience := range audiences {
			err := tx.Queue(ctx, `INSERT INTO derived_audiences (grant_id, audience) VALUES ($1, $2) ON CONFLICT (grant_id, audience) DO NOTHING`, raw(id), text(audience))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s tokens) Void(ctx context.Context, owner user.ID, id token.AccessID) (void bool, err error) {
	err = s.e.Read(ctx, func(q Querier) error {
		n, err := number(q.QueryRow(ctx, `SELECT count(*) FROM revocations WHERE owner = $1 AND kind = 'jti' AND value = $2`, raw(owner), raw(id)))
		void = n > 0
		return err
	})
	return void, err
}

// revokeDerived tells of the grants of a client that dies from which others have
// tokens: those name the others, so the client's own entry does not reach them
// (TH-13). With too many it is everybody's (TH-17).
func revokeDerived(ctx context.Context, tx Tx, id client.ID, now time.Time) error {
	all, err := collect(ctx, tx, scanID, `SELECT DISTINCT g.id FROM derived_audiences d JOIN grants g ON g.id = d.grant_id
		WHERE g.client_id = $1 AND g.ended_at IS NULL AND g.access_until > $2 LIMIT $3`, string(id), at(now.Add(-2*revocation.Leeway)), revocation.Wide+1)
	if err != nil {
		return err
	}
	if len(all) > revocation.Wide {
		return RaiseFloor(ctx, tx, now)
	}
	for _, grant := range all {
		if err := revoke(ctx, tx, revocation.Grant, grant, 0, now); err != nil {
			return err
		}
	}
	return nil
}
