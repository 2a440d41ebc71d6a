package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

type users set

const userColumns = `u.id, u.name, u.locale, u.time_zone, u.state, u.delete_at, u.managed_by, u.version, ` + tokenVersion + `, u.revision, u.created_at, u.updated_at,
	(SELECT string_agg(role, ' ') FROM user_roles WHERE user_id = u.id)`

func userFields(u *user.User) []any {
	return []any{
		bytesOf(u.ID[:]), &u.Name, &u.Locale, &u.TimeZone,
		stateOf{&u.State},
		timeOf{&u.DeleteAt},
		&u.ManagedBy,
		&u.Version, &u.TokenVersion, &u.Revision,
		timeOf{&u.CreatedAt},
		timeOf{&u.UpdatedAt},
		namesOf{&u.Roles},
	}
}

func scanUser(row Row) (u user.User, err error) {
	err = row.Scan(userFields(&u)...)
	return u, err
}

// Create counts versions and revisions from 1; token versions too, or from the
// floor of all.
func (s users) Create(ctx context.Context, u user.User, emails []user.Email, ev audit.Event) error {
	if len(emails) > user.MaxEmails {
		return user.ErrTooManyEmails
	}
	return s.e.Write(ctx, func(tx Tx) error {
		ev, err := ev, s.insert(ctx, tx, u)
		for _, e := range emails {
			if err == nil {
				e.User = u.ID
				ev, err = keepEmail(ctx, tx, s.e.Dialect(), e, ev)
			}
		}
		if err == nil {
			err = s.giveRoles(ctx, tx, u.ID, u.Roles)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, ev)
	})
}

func (s users) insert(ctx context.Context, tx Tx, u user.User) error {
	_, err := tx.Exec(ctx, `INSERT INTO users (id, name, name_folded, locale, time_zone, state, delete_at, managed_by, version, revision, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		raw(u.ID), u.Name, folded(u.Name), u.Locale, u.TimeZone, string(u.State), at(u.DeleteAt), u.ManagedBy,
		max(u.Version, 1), max(u.Revision, 1), at(u.CreatedAt), at(u.UpdatedAt))
	return err
}

func (s users) giveRoles(ctx context.Context, tx Tx, id user.ID, names []string) error {
	for _, name := range unique(names) {
		n, err := tx.Exec(ctx, `INSERT INTO user_roles (user_id, role) SELECT $1, name FROM roles WHERE name = $2 `+s.e.Dialect().ForShare,
			raw(id), text(name))
		if err = exactly(n, err, rbac.ErrUnknown); err != nil {
			return err
		}
	}
	return nil
}

func (s users) ByID(ctx context.Context, id user.ID) (user.User, error) {
	return one(ctx, s.e, user.ErrUnknown, scanUser, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, raw(id))
}

func (s users) SetProfile(ctx context.Context, id user.ID, p user.Profile, revision int64, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE users SET name = $2, name_folded = $3, locale = $4, time_zone = $5, revision = revision + 1, updated_at = $6
			WHERE id = $1 AND (revision = $7 OR $7 <= 0)`,
			raw(id), p.Name, folded(p.Name), p.Locale, p.TimeZone, at(now), revision)
		if err == nil && n == 0 {
			return missing(ctx, tx, id, user.ErrStale)
		}
		if err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, id, 0, now)
	})
}

func (s users) SetRoles(ctx context.Context, id user.ID, names []string, managedBy string, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `UPDATE users SET managed_by = $2, revision = revision + 1, updated_at = $3 WHERE id = $1`, raw(id), managedBy, at(now))
		if err = exactly(n, err, user.ErrUnknown); err != nil {
			return err
		}
		held, err := collect(ctx, tx, scanName, `DELETE FROM user_roles WHERE user_id = $1 RETURNING role`, raw(id))
		if err != nil {
			return err
		}
		if err := s.giveRoles(ctx, tx, id, names); err != nil {
			return err
		}
		return refreshEach(ctx, tx, lost(held, names), now, [][16]byte{id})
	})
}

func (s users) SetState(ctx context.Context, id user.ID, from, to user.State, deleteAt, now time.Time, ev audit.Event) error {
	if to != user.Deleting {
		deleteAt = time.Time{}
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		tokens, err := number(tx.QueryRow(ctx, `UPDATE users SET state = $3, delete_at = $4, version = version + 1, token_version = `+nextToken+`,
			revision = revision + 1, updated_at = $5 WHERE id = $1 AND state = $2 RETURNING token_version`, raw(id), string(from), string(to), at(deleteAt), at(now)))
		if errors.Is(err, ErrNoRows) {
			return missing(ctx, tx, id, user.ErrStale)
		}
		if err != nil {
			return err
		}
		if _, err := endSessions(ctx, tx, id, session.ID{}, session.AccountState, now); err != nil {
			return err
		}
		if err := endGrantsOf(ctx, tx, id, now); err != nil {
			return err
		}
		// An undo link stays: asking for deletion and cancelling it must not silence
		// the first owner (TH-43).
		if err := spendProofs(ctx, tx, id, now, proof.Address, proof.Recover, proof.CancelDeletion, proof.SignIn, proof.Enter, proof.Phone, proof.Number); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Subject, id, tokens, now)
	})
}

func (s users) Hold(ctx context.Context, id user.ID, version, passwordVersion int64) error {
	return s.e.Write(ctx, func(tx Tx) error {
		if err := lock(ctx, tx, id, s.e.Dialect().ForUpdate); err != nil {
			return otherwiseIs(err, user.ErrUnknown, user.ErrStale)
		}
		_, err := number(tx.QueryRow(ctx, `SELECT u.version FROM users u WHERE u.id = $1 AND u.state = 'active' AND u.version = $2
			AND (CAST($3 AS BIGINT) <= 0 OR EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id AND p.version = $3))`,
			raw(id), version, passwordVersion))
		return otherwise(err, user.ErrStale)
	})
}

func (s users) DueForDeletion(ctx context.Context, now time.Time, limit int) ([]user.ID, error) {
	return many(ctx, s.e, scanUserID, `SELECT id FROM users WHERE delete_at <= $1 ORDER BY delete_at LIMIT $2`, at(now), limit)
}

func (s users) Delete(ctx context.Context, id user.ID, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		return otherwise(deleteUser(ctx, tx, id, now), user.ErrUnknown)
	})
}

// deleteUser removes an account with all it owns. What was born of it has at
// most the version it died with, so the entry names the one after.
func deleteUser(ctx context.Context, tx Tx, id [16]byte, now time.Time) error {
	tokens, err := number(tx.QueryRow(ctx, `DELETE FROM users WHERE id = $1 RETURNING `+nextToken, raw(id)))
	if err != nil {
		return err
	}
	return revoke(ctx, tx, revocation.Subject, id, tokens, now)
}

// raise moves the account to its next version and its tokens to theirs.
func raise(ctx context.Context, tx Tx, id user.ID, now time.Time) (version, tokens int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE users SET version = version + 1, token_version = `+nextToken+`, revision = revision + 1, updated_at = $2
		WHERE id = $1 RETURNING version, token_version`, raw(id), at(now)).Scan(&version, &tokens)
	return version, tokens, otherwise(err, user.ErrUnknown)
}

// lost reports whether any name that was held is no longer.
func lost(held, now []string) bool {
	return slices.ContainsFunc(held, func(name string) bool { return !slices.Contains(now, name) })
}

// changed counts a change of what belongs to the account, and takes the row's
// lock before any other row of it is touched.
func changed(ctx context.Context, tx Tx, id user.ID, now time.Time) error {
	n, err := tx.Exec(ctx, `UPDATE users SET revision = revision + 1, updated_at = $2 WHERE id = $1`, raw(id), at(now))
	return exactly(n, err, user.ErrUnknown)
}

// lock holds the account's row to the end of the act, with one of the Dialect's
// locks, so that acts on one account see each other's rows.
func lock(ctx context.Context, tx Tx, id [16]byte, how string) error {
	_, err := number(tx.QueryRow(ctx, `SELECT version FROM users WHERE id = $1 `+how, raw(id)))
	return otherwise(err, user.ErrUnknown)
}

// missing tells an account that is not there from one that is not as wanted.
func missing(ctx context.Context, tx Tx, id user.ID, unwanted error) error {
	if err := lock(ctx, tx, id, ""); err != nil {
		return err
	}
	return unwanted
}

func number(row Row) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

func scanName(row Row) (name string, err error) {
	err = row.Scan(&name)
	return name, err
}

func scanUserID(row Row) (id user.ID, err error) {
	err = row.Scan(bytesOf(id[:]))
	return id, err
}
