package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
)

// The rest of an estate: a hundred thousand more people, and grants of theirs, of
// all apps, with ids in order of time as ours are.
var grown = []string{
	`CREATE TEMP TABLE crowd AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
		SELECT i, unhex(printf('00%010x70000000%012x', i, i)) AS id, unhex(printf('%08x', i) || hex(randomblob(28))) AS digest FROM n`,
	`INSERT INTO users SELECT c.id, u.name, u.name_folded, u.locale, u.time_zone, u.state, u.delete_at, u.managed_by, u.version, u.token_version, u.revision,
		u.created_at, u.updated_at FROM crowd c, (SELECT * FROM users ORDER BY id LIMIT 1) u WHERE c.i <= 100000`,
	`CREATE TEMP TABLE apps AS SELECT row_number() OVER (ORDER BY client_id) - 1 AS i, client_id FROM clients WHERE client_id LIKE 'app-%'`,
	`CREATE UNIQUE INDEX temp.apps_by_i ON apps (i)`,
	`INSERT INTO grants (id, user_id, client_id, digest, user_version, client_version, session_id, audiences, scope, sender, sender_key, methods, acr, authenticated_at,
			created_at, idle_timeout, expires_at, lapses_at, access_until, rotates, generation, rotated_at, rotated_from, claims, details, replayed, replays_in_row, replays, cause)
		SELECT c.id, unhex(printf('00%010x70000000%012x', 1 + c.i % 100000, 1 + c.i % 100000)), a.client_id, c.digest, 1, 1, NULL, '[]', 'openid', 'client', '', '["pwd"]', '1', ?1,
			?1, 604800000000, ?1 + 2592000000000, ?1 + 604800000000, ?1, 1, 1, ?1, '127.0.0.1', '', '', 0, 0, 0, ''
		FROM crowd c JOIN apps a ON a.i = c.i % (SELECT count(*) FROM apps)`,
}

func grow(ctx context.Context, dir string, n int) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "mortise.db")+"?_pragma=synchronous(OFF)&_pragma=cache_size(-400000)&_pragma=foreign_keys(0)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	args := [][]any{{n}, nil, nil, nil, {now().UnixMicro()}}
	for i, stmt := range grown {
		if _, err := db.ExecContext(ctx, stmt, args[i]...); err != nil {
			return fmt.Errorf("%.40s: %w", stmt, err)
		}
	}
	return checkpoint(ctx, db)
}

// crowded measures every grant and document among few and among very many clients
// and grants.
func crowded(b *bench) error {
	const n, seen = 1500, 64
	apps, grants := b.rounds(10_000, 1000), b.rounds(1_000_000, 100_000)
	p := plan{apps: 10, people: 1000, codes: b.needed(n), tokens: seen + b.needed(n)}
	few, small, stop, err := b.open("few-apps", p, 0)
	if err != nil {
		return err
	}
	defer stop()
	p.apps = apps
	many, large, stopMany, err := b.open("many-apps", p, grants)
	if err != nil {
		return err
	}
	defer stopMany()
	compare := func(what, want string, n, conns int, from func([][]byte) func(int) ([][]byte, error), questions func(*estate) [][]byte) error {
		o, f, x, err := b.inTurns(b.supply(many, want, from(questions(large))), b.supply(few, want, from(questions(small))), n, conns)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		b.add(row{
			fmt.Sprintf("among %d clients and %d grants: %s, CPU", apps, grants, what), fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs among 10 clients", f),
			times(x), "≤ 1.2 ×", judge(x <= 1.2),
		})
		return nil
	}
	errs := []error{
		compare("code → tokens", redeemed, n, chains, once, func(e *estate) [][]byte { return e.redemptions(e.host, e.given) }),
		compare("UserInfo, a JWT seen before", told, 4*n, 8, cycle, func(e *estate) [][]byte { return e.tellings(e.host, e.access[:seen]) }),
		compare("UserInfo, a JWT not seen before", told, n, 8, once, func(e *estate) [][]byte { return e.tellings(e.host, e.access[seen:]) }),
	}
	for _, r := range robots {
		k := b.rounds(apps+apps/5, 2*n) // more than once round: a client's first token of a minute has an event of its own
		if r.id == "RS256" {
			k = n / 5
		}
		errs = append(errs, compare("client_credentials, "+r.what, `"access_token":"`, k, 8, cycle, func(e *estate) [][]byte { return e.wages(e.host, r) }))
	}
	for _, d := range documents {
		errs = append(errs, compare(d.name, "{", 4*n, 8, cycle, func(e *estate) [][]byte { return [][]byte{get(e.host, d.path, "")} }))
	}
	return firstOf(errs...)
}
