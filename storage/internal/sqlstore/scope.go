package sqlstore

import (
	"context"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/resource"
)

const scopeColumns = `name, description, managed_by, created_at, updated_at`

func scanScope(row Row) (v resource.Scope, err error) {
	err = row.Scan(&v.Name, &v.Description, &v.ManagedBy, timeOf{&v.CreatedAt}, timeOf{&v.UpdatedAt})
	return v, err
}

func (s resources) PutScope(ctx context.Context, v resource.Scope, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO scopes (`+scopeColumns+`) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (name) DO UPDATE SET description = excluded.description, managed_by = excluded.managed_by, updated_at = excluded.updated_at`,
			v.Name, v.Description, v.ManagedBy, at(v.CreatedAt), at(v.UpdatedAt))
		return err
	})
}

// DeleteScope holds the scope's row: whoever gives it at the same time has either
// given it already, or finds it gone.
func (s resources) DeleteScope(ctx context.Context, name string, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		if err := exists(ctx, tx, `SELECT 1 FROM scopes WHERE name = $1 `+s.e.Dialect().ForUpdate, name, resource.ErrScopeUnknown); err != nil {
			return err
		}
		for _, table := range []string{"clients", "resources"} {
			if err := unlisted(ctx, tx, table, "scopes", name, resource.ErrScopeInUse); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM scopes WHERE name = $1`, text(name))
		return err
	})
}

func (s resources) Scope(ctx context.Context, name string) (resource.Scope, error) {
	return one(ctx, s.e, resource.ErrScopeUnknown, scanScope, `SELECT `+scopeColumns+` FROM scopes WHERE name = $1`, text(name))
}

func (s resources) Scopes(ctx context.Context) ([]resource.Scope, error) {
	return many(ctx, s.e, scanScope, `SELECT `+scopeColumns+` FROM scopes ORDER BY name`)
}

// exists wants a row with a key, which the query locks to the end of the act.
func exists(ctx context.Context, tx Tx, sql, key string, absent error) error {
	_, err := number(tx.QueryRow(ctx, sql, text(key)))
	return otherwise(err, absent)
}

// unlisted wants no row of table to have name in the JSON list called column.
func unlisted(ctx context.Context, tx Tx, table, column, name string, listed error) error {
	entry := strings.Trim(words([]string{text(name)}), "[]")
	n, err := number(tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+table+` WHERE replace(`+column+`, $1, '') <> `+column, entry))
	if err == nil && n > 0 {
		return listed
	}
	return err
}

// holdScopes wants every scope to exist, and to stay to the end of the act.
func holdScopes(ctx context.Context, tx Tx, d Dialect, names []string) error {
	for _, name := range unique(names) {
		if _, ok := resource.Standard(name); ok {
			continue
		}
		if err := exists(ctx, tx, `SELECT 1 FROM scopes WHERE name = $1 `+d.ForShare, name, resource.ErrScopeUnknown); err != nil {
			return err
		}
	}
	return nil
}
