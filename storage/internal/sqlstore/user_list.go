package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/mortise-auth/mortise/internal/user"
)

func (s users) List(ctx context.Context, q user.Query) ([]user.Listed, error) {
	where, args := selected(q)
	if !q.After.IsZero() {
		args = append(args, raw(q.After))
		where += fmt.Sprintf(" AND u.id > $%d", len(args))
	}
	args = append(args, bounded(q.Limit))
	return many(ctx, s.e, scanListed, `SELECT `+userColumns+`, COALESCE(e.address, ''), e.verified_at
		FROM users u LEFT JOIN user_emails e ON e.user_id = u.id AND e.is_primary = 1
		WHERE `+where+fmt.Sprintf(" ORDER BY u.id LIMIT $%d", len(args)), args...)
}

func (s users) Count(ctx context.Context, q user.Query) (int64, error) {
	where, args := selected(q)
	return one(ctx, s.e, nil, number, `SELECT COUNT(*) FROM users u WHERE `+where, args...)
}

// Holders waits at the role's row. Counting is a statement of its own, so that it
// sees what the act it waited for has committed.
func (s users) Holders(ctx context.Context, role string) (n int64, err error) {
	err = s.e.Write(ctx, func(tx Tx) error {
		if how := s.e.Dialect().ForUpdate; how != "" {
			var name string
			if err := tx.QueryRow(ctx, `SELECT name FROM roles WHERE name = $1 `+how, text(role)).Scan(&name); otherwise(err, nil) != nil {
				return err
			}
		}
		where, args := selected(user.Query{Role: role, State: user.Active})
		n, err = number(tx.QueryRow(ctx, `SELECT COUNT(*) FROM users u WHERE `+where, args...))
		return err
	})
	return n, err
}

// selected is the condition of a query. A text costs what it matches, not what
// there is: two ranges over two indexes.
func selected(q user.Query) (where string, args []any) {
	conditions := []string{"1 = 1"}
	and := func(condition string, values ...any) {
		n := len(args)
		for i := range values {
			condition = strings.ReplaceAll(condition, fmt.Sprintf("@%d", i+1), fmt.Sprintf("$%d", n+i+1))
		}
		conditions, args = append(conditions, condition), append(args, values...)
	}
	if q.State != "" {
		and("u.state = @1", string(q.State))
	}
	if q.Role != "" {
		and("u.id IN (SELECT user_id FROM user_roles WHERE role = @1)", text(q.Role))
	}
	if prefix := folded(q.Text); prefix != "" {
		and(`u.id IN (SELECT user_id FROM user_emails WHERE key >= @1 AND key < @2
			UNION SELECT id FROM users WHERE name_folded >= @1 AND name_folded < @2)`, prefix, prefix+"\U0010FFFF")
	}
	return strings.Join(conditions, " AND "), args
}

func scanListed(row Row) (l user.Listed, err error) {
	var e user.Email
	err = row.Scan(append(userFields(&l.User), &l.Email, timeOf{&e.VerifiedAt})...)
	l.Verified = e.Verified()
	return l, err
}

// folded is a text as it is searched: compatibility forms and case do not count.
func folded(s string) string { return strings.ToLower(norm.NFKC.String(text(s))) }

// unique is list sorted and without repetition.
func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// stateOf fills a user.State, which is a text of its own type.
type stateOf struct{ s *user.State }

func (dst stateOf) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("want a state, got %T", src)
	}
	*dst.s = user.State(s)
	return nil
}
