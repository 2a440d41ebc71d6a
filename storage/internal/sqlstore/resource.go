package sqlstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
)

type resources set

const resourceColumns = `identifier, name, scopes, access_token_format, access_token_lifetime, algorithm, verifiers, managed_by, revision, created_at, updated_at, detail_types`

func scanResource(row Row) (r resource.Resource, err error) {
	err = row.Scan(&r.Identifier, &r.Name, listOf{&r.Scopes}, nameOf[resource.Format]{&r.TokenFormat}, secondsOf{&r.TokenLifetime}, &r.Algorithm,
		listOf{&r.Verifiers}, &r.ManagedBy, &r.Revision, timeOf{&r.CreatedAt}, timeOf{&r.UpdatedAt}, typesOf[resource.DetailType]{&r.DetailTypes})
	return r, err
}

// detailTypes are an argument.
func detailTypes(r resource.Resource) string {
	if r.DetailTypes == nil {
		return "[]"
	}
	b, _ := json.Marshal(r.DetailTypes) // texts and truth values cannot fail
	return string(b)
}

// Create counts revisions from 1.
func (s resources) Create(ctx context.Context, r resource.Resource, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := holdScopes(ctx, tx, s.e.Dialect(), r.Scopes); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO resources (`+resourceColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11) ON CONFLICT (identifier) DO NOTHING`,
			r.Identifier, r.Name, words(r.Scopes), string(r.TokenFormat), seconds(r.TokenLifetime), r.Algorithm, words(r.Verifiers), r.ManagedBy,
			at(r.CreatedAt), at(r.UpdatedAt), detailTypes(r))
		return exactly(n, err, resource.ErrTaken)
	})
}

func (s resources) Update(ctx context.Context, r resource.Resource, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		revision, err := number(tx.QueryRow(ctx, `SELECT revision FROM resources WHERE identifier = $1 `+s.e.Dialect().ForUpdate, text(r.Identifier)))
		if err != nil {
			return otherwise(err, resource.ErrUnknown)
		}
		if revision != r.Revision {
			return resource.ErrStale
		}
		if err := holdScopes(ctx, tx, s.e.Dialect(), r.Scopes); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE resources SET name = $2, scopes = $3, access_token_format = $4, access_token_lifetime = $5, algorithm = $6,
			verifiers = $7, managed_by = $8, revision = revision + 1, updated_at = $9, detail_types = $10 WHERE identifier = $1`,
			r.Identifier, r.Name, words(r.Scopes), string(r.TokenFormat), seconds(r.TokenLifetime), r.Algorithm, words(r.Verifiers), r.ManagedBy, at(r.UpdatedAt), detailTypes(r))
		if err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, resource.Value(r.Identifier), 0, r.UpdatedAt)
	})
}

func (s resources) Delete(ctx context.Context, identifier string, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := exists(ctx, tx, `SELECT 1 FROM resources WHERE identifier = $1 `+s.e.Dialect().ForUpdate, identifier, resource.ErrUnknown); err != nil {
			return err
		}
		if err := unlisted(ctx, tx, "clients", "resources", identifier, resource.ErrInUse); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM resources WHERE identifier = $1`, text(identifier)); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, resource.Value(identifier), 0, now)
	})
}

func (s resources) ByIdentifier(ctx context.Context, identifier string) (resource.Resource, error) {
	return one(ctx, s.e, resource.ErrUnknown, scanResource, `SELECT `+resourceColumns+` FROM resources WHERE identifier = $1`, text(identifier))
}

func (s resources) List(ctx context.Context, after string, limit int) ([]resource.Resource, error) {
	return many(ctx, s.e, scanResource, `SELECT `+resourceColumns+` FROM resources WHERE identifier > $1 ORDER BY identifier LIMIT $2`, text(after), bounded(limit))
}
