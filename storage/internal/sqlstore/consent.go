package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

type consents set

const selectConsent = `SELECT user_id, client_id, scopes, audiences, details, created_at, updated_at FROM consents WHERE user_id = $1`

func scanConsent(row Row) (c consent.Consent, err error) {
	err = row.Scan(bytesOf(c.User[:]), &c.Client, listOf{&c.Scopes}, listOf{&c.Audiences}, listOf{&c.Details}, timeOf{&c.CreatedAt}, timeOf{&c.UpdatedAt})
	return c, err
}

func (s consents) Get(ctx context.Context, owner user.ID, client string) (consent.Consent, error) {
	return one(ctx, s.e, consent.ErrNone, scanConsent, selectConsent+` AND client_id = $2`, raw(owner), text(client))
}

func (s consents) Of(ctx context.Context, owner user.ID) ([]consent.Consent, error) {
	return many(ctx, s.e, scanConsent, selectConsent+` ORDER BY updated_at DESC, client_id LIMIT 200`, raw(owner))
}

// Put takes the account for itself, so that two pages answered at once are
// merged, and the condition sees what the act it waited for has committed.
func (s consents) Put(ctx context.Context, c consent.Consent, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, c.User, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, consent.ErrBirth)
		}
		all := c
		old, err := scanConsent(tx.QueryRow(ctx, selectConsent+` AND client_id = $2`, raw(c.User), text(c.Client)))
		switch {
		case err == nil:
			all = old.With(c)
		case !errors.Is(err, ErrNoRows):
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO consents (user_id, client_id, scopes, audiences, details, created_at, updated_at)
			SELECT u.id, c.client_id, $4, $5, $6, $7, $8 FROM users u JOIN clients c ON c.client_id = $2
			WHERE u.id = $1 AND u.state = 'active' AND u.version = $3 AND c.disabled = 0
			ON CONFLICT (user_id, client_id) DO UPDATE SET scopes = excluded.scopes, audiences = excluded.audiences,
			details = excluded.details, updated_at = excluded.updated_at`,
			raw(c.User), text(c.Client), c.UserVersion, words(all.Scopes), words(all.Audiences), words(all.Details), at(all.CreatedAt), at(all.UpdatedAt))
		return exactly(n, err, consent.ErrBirth)
	})
}

// Withdraw locks the account before its grants, as everywhere.
func (s consents) Withdraw(ctx context.Context, owner user.ID, client string, now time.Time, ev audit.Event) (ended int, err error) {
	err = change(ctx, s.e, ev, func(tx Tx) error {
		if err := lock(ctx, tx, owner, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, consent.ErrNone)
		}
		n, err := tx.Exec(ctx, `DELETE FROM consents WHERE user_id = $1 AND client_id = $2`, raw(owner), text(client))
		if err = exactly(n, err, consent.ErrNone); err != nil {
			return err
		}
		// A code that is under way would be a grant a moment later.
		if _, err = tx.Exec(ctx, `DELETE FROM codes WHERE user_id = $1 AND client_id = $2 AND redeemed_at IS NULL`, raw(owner), text(client)); err != nil {
			return err
		}
		ended, err = endGrantsFor(ctx, tx, owner, client, token.Withdrawn, now)
		return err
	})
	return ended, err
}
