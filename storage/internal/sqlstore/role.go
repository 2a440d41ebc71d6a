package sqlstore

import (
	"context"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/rbac"
)

type roles set

// Built-in roles have the time 0: nobody made them.
const roleColumns = `name, permissions, managed_by, built_in, assurance, NULLIF(created_at, 0), NULLIF(updated_at, 0)`

func scanRole(row Row) (r rbac.Role, err error) {
	err = row.Scan(&r.Name, listOf{&r.Permissions}, &r.ManagedBy, truthOf{&r.BuiltIn}, &r.Assurance, timeOf{&r.CreatedAt}, timeOf{&r.UpdatedAt})
	return r, err
}

// Put never makes a built-in role: the migrations do. Of one, only what it asks of a
// sign-in changes.
func (s roles) Put(ctx context.Context, r rbac.Role, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		before, err := s.held(ctx, tx, r.Name)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO roles (name, permissions, managed_by, built_in, assurance, created_at, updated_at) VALUES ($1, $2, $3, 0, $4, COALESCE(CAST($5 AS BIGINT), 0), $6)
			ON CONFLICT (name) DO UPDATE SET permissions = excluded.permissions, managed_by = excluded.managed_by, assurance = excluded.assurance,
				updated_at = excluded.updated_at
			WHERE roles.built_in = 0 OR roles.permissions = excluded.permissions`,
			r.Name, words(r.Permissions), r.ManagedBy, r.Assurance, at(r.CreatedAt), at(r.UpdatedAt))
		if err = exactly(n, err, rbac.ErrBuiltIn); err != nil {
			return err
		}
		if before.Assurance != r.Assurance {
			if err := tx.Queue(ctx, `DELETE FROM trusted_devices WHERE user_id IN (SELECT user_id FROM user_roles WHERE role = $1
				UNION SELECT user_id FROM member_roles WHERE role = $1)`, r.Name); err != nil {
				return err
			}
		}
		return refresh(ctx, tx, lost(before.Permissions, r.Permissions), ev.Time, `SELECT user_id FROM user_roles WHERE role = $1
			UNION SELECT user_id FROM member_roles WHERE role = $1 LIMIT $2`, r.Name)
	})
}

// held is what a role is until this act, which holds its row; the zero Role when
// there is none.
func (s roles) held(ctx context.Context, tx Tx, name string) (r rbac.Role, err error) {
	err = tx.QueryRow(ctx, `SELECT permissions, assurance FROM roles WHERE name = $1 `+s.e.Dialect().ForUpdate, text(name)).
		Scan(listOf{&r.Permissions}, &r.Assurance)
	return r, otherwise(err, nil)
}

func (s roles) ByName(ctx context.Context, name string) (rbac.Role, error) {
	return one(ctx, s.e, rbac.ErrUnknown, scanRole, `SELECT `+roleColumns+` FROM roles WHERE name = $1`, text(name))
}

func (s roles) All(ctx context.Context) ([]rbac.Role, error) {
	return many(ctx, s.e, scanRole, `SELECT `+roleColumns+` FROM roles ORDER BY name`)
}

// Delete holds the role's row: whoever gives it at the same time has either
// given it already, or finds it gone.
func (s roles) Delete(ctx context.Context, name string, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		builtIn, err := number(tx.QueryRow(ctx, `SELECT built_in FROM roles WHERE name = $1 `+s.e.Dialect().ForUpdate, text(name)))
		if err != nil {
			return otherwise(err, rbac.ErrUnknown)
		}
		if builtIn != 0 {
			return rbac.ErrBuiltIn
		}
		n, err := tx.Exec(ctx, `DELETE FROM roles WHERE name = $1
			AND NOT EXISTS (SELECT 1 FROM user_roles WHERE role = $1) AND NOT EXISTS (SELECT 1 FROM member_roles WHERE role = $1)`, text(name))
		return exactly(n, err, rbac.ErrInUse)
	})
}
