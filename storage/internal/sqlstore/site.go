package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/site"
)

type sites set

const siteColumns = `host, name, audience, personal, rules, managed_by, revision, created_at, updated_at`

func scanSite(row Row) (s site.Site, err error) {
	var rules string
	err = row.Scan(&s.Host, &s.Name, &s.Audience, truthOf{&s.Personal}, &rules, &s.ManagedBy, &s.Revision, timeOf{&s.CreatedAt}, timeOf{&s.UpdatedAt})
	if err == nil {
		if err = json.Unmarshal([]byte(rules), &s.Rules); err != nil {
			err = fmt.Errorf("rules of site %s: %w", s.Host, err)
		}
	}
	return s, err
}

func (s sites) Put(ctx context.Context, v site.Site, ev audit.Event) error {
	rules, err := json.Marshal(v.Rules)
	if err != nil {
		return err
	}
	return change(ctx, s.e, ev, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO sites (host, name, audience, personal, rules, managed_by, revision, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
			ON CONFLICT (host) DO UPDATE SET name = excluded.name, audience = excluded.audience, personal = excluded.personal, rules = excluded.rules,
			managed_by = excluded.managed_by, revision = sites.revision + 1, updated_at = excluded.updated_at`,
			text(v.Host), text(v.Name), v.Audience, v.Personal, text(string(rules)), v.ManagedBy, at(v.CreatedAt), at(v.UpdatedAt))
		if err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, site.Mark, 0, ev.Time)
	})
}

func (s sites) ByHost(ctx context.Context, host string) (site.Site, error) {
	return one(ctx, s.e, site.ErrUnknown, scanSite, `SELECT `+siteColumns+` FROM sites WHERE host = $1`, text(host))
}

func (s sites) All(ctx context.Context) ([]site.Site, error) {
	return many(ctx, s.e, scanSite, `SELECT `+siteColumns+` FROM sites ORDER BY host`)
}

// Delete closes the host's gates too: a site of the same name that comes later
// is another one.
func (s sites) Delete(ctx context.Context, host string, now time.Time, ev audit.Event) error {
	return change(ctx, s.e, ev, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM sites WHERE host = $1`, text(host))
		if err = exactly(n, err, site.ErrUnknown); err != nil {
			return err
		}
		if err := tx.Queue(ctx, `DELETE FROM gates WHERE host = $1`, text(host)); err != nil {
			return err
		}
		return revoke(ctx, tx, revocation.Refresh, site.Mark, 0, now)
	})
}
