package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// crowd is a store with a hot set of a thousand people, among few or very many.
type crowd struct {
	st       store.Store
	people   []account
	devices  []string
	door     *entrance
	cold     []secret.Digest // of sessions outside the hot set
	beside   func() time.Duration
	required http.Handler // a page behind Require
	close    func()
}

const hot = 1000

// million compares a store of a thousand with one of a million, the same
// thousand people being served by both.
func million(b *bench) error {
	size := b.rounds(1_000_000, 100_000)
	for _, engine := range []struct {
		name string
		open func(*bench, string, int) (*crowd, error)
	}{{"SQLite", sqliteCrowd}, {"PostgreSQL", postgresCrowd}} {
		few, err := engine.open(b, "few", 0)
		if err != nil {
			return err
		}
		many, err := engine.open(b, "many", size-hot)
		if err != nil {
			few.close()
			return err
		}
		err = b.compare(engine.name, size, few, many)
		few.close()
		many.close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compare(engine string, size int, few, many *crowd) error {
	defer few.serve(b.ctx)()
	defer many.serve(b.ctx)()
	var in, inRatio, find, findRatio, cold, check, checkRatio []float64
	var inFew, findFew, checkFew []float64
	for range b.rounds(9, 5) {
		s1, err := few.signIns(b.ctx, 1000)
		s2, err1 := many.signIns(b.ctx, 1000)
		f1, err2 := few.finds(b.ctx, 4000)
		f2, err3 := many.finds(b.ctx, 4000)
		c, err4 := many.coldFinds(b.ctx, 2000)
		if err := firstOf(err, err1, err2, err3, err4); err != nil {
			return err
		}
		k1, err := few.checks(b.ctx, 100_000)
		k2, err1 := many.checks(b.ctx, 100_000)
		if err := firstOf(err, err1); err != nil {
			return err
		}
		checkFew, check, checkRatio = append(checkFew, k1), append(check, k2), append(checkRatio, k2/k1)
		inFew, in, inRatio = append(inFew, s1), append(in, s2), append(inRatio, s2/s1)
		findFew, find, findRatio = append(findFew, f1), append(find, f2), append(findRatio, f2/f1)
		cold = append(cold, c)
	}
	x, h, y, z := median(inRatio), median(checkRatio), median(findRatio), median(cold)/median(findFew)
	add := func(what string, ours, floor, ratio float64, bound string, v verdict) {
		b.add(row{what, fmt.Sprintf("%.1f µs", ours), fmt.Sprintf("%.1f µs at 1,000", floor), times(ratio), bound, v})
	}
	if x > 1.2 && engine == "SQLite" {
		b.note("Sign-in among many on SQLite: the trees are deeper, and every commit empties the readers' page caches.")
	}
	among := fmt.Sprintf("among %d users and sessions, %s: ", size, engine)
	add(among+"sign-in, hash excluded, CPU", median(in), median(inFew), x, "≤ 1.2 × the cost at one thousand", judge(x <= 1.2))
	add(among+"session look-up, CPU", median(check), median(checkFew), h, "≤ 1.2 × the cost at one thousand", judge(h <= 1.2))
	add(among+"uncached look-up in the store, hot set", median(find), median(findFew), y, "–", info)
	add(among+"uncached look-up in the store, anybody", median(cold), median(findFew), z, "–", info)
	return nil
}

// spend is the CPU per act in µs, of this process and of the database's.
func (c *crowd) spend(n, callers int, fn func(i int) error) (float64, error) {
	before := c.beside()
	own, _, err := acts(n, callers, fn)
	return float64(own+c.beside()-before) / 1e3 / float64(n), err
}

func (c *crowd) signIns(ctx context.Context, n int) (float64, error) {
	return c.spend(n, 16, func(i int) error { return c.door.signIn(ctx, c.people[i%hot], c.devices[i%hot]) })
}

// checks are session look-ups as requests do them, through the cache.
func (c *crowd) checks(ctx context.Context, n int) (float64, error) {
	requests := make([]*http.Request, hot)
	w := &status{sink: sink{make(http.Header)}}
	for i, p := range c.people {
		var err error
		if requests[i], err = http.NewRequestWithContext(ctx, http.MethodGet, "/private", nil); err != nil {
			return 0, err
		}
		requests[i].Header.Set("Cookie", p.cookie())
		c.required.ServeHTTP(w, requests[i])
	}
	us, err := c.spend(n, 1, func(i int) error { c.required.ServeHTTP(w, requests[i%hot]); return nil })
	if err == nil && w.wrong > 0 {
		err = fmt.Errorf("%d checks were not answered 200", w.wrong)
	}
	return us, err
}

// status counts answers other than 200.
type status struct {
	sink
	wrong int
}

func (s *status) WriteHeader(code int) {
	if code != http.StatusOK {
		s.wrong++
	}
}

// serve starts a server on the store, and returns what ends it.
func (c *crowd) serve(ctx context.Context) func() {
	srv, err := mortise.New(ctx, mortise.Config{URL: "http://localhost", SecretKey: master, Logger: quiet()}, c.st)
	if err != nil {
		c.required = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		})
		return func() {}
	}
	c.required = srv.Require()(http.HandlerFunc(floor.Bare))
	stop := background(ctx, srv.Run)
	time.Sleep(50 * time.Millisecond) // the first proof of freshness
	return stop
}

func (c *crowd) finds(ctx context.Context, n int) (float64, error) {
	facts, err := c.st.Instance().Facts(ctx)
	if err != nil {
		return 0, err
	}
	digests := make([]secret.Digest, hot)
	for i, p := range c.people {
		digests[i], _ = secret.DigestOf("session", facts.ID, p.secret)
	}
	return c.spend(n, 4, func(i int) error { return find(ctx, c.st, digests[i%hot]) })
}

func (c *crowd) coldFinds(ctx context.Context, n int) (float64, error) {
	if len(c.cold) == 0 {
		return 0, nil
	}
	return c.spend(n, 4, func(i int) error { return find(ctx, c.st, c.cold[i%len(c.cold)]) })
}

func find(ctx context.Context, st store.Store, d secret.Digest) error {
	_, err := st.Sessions().ByDigest(ctx, d)
	return err
}

// settle makes the hot set of an opened store.
func (c *crowd) settle(ctx context.Context) (err error) {
	if c.people, err = populate(ctx, c.st, hot); err != nil {
		return err
	}
	if c.door, err = newEntrance(ctx, c.st); err != nil {
		return err
	}
	for _, p := range c.people {
		c.devices = append(c.devices, c.door.device(p))
	}
	return nil
}

func sqliteCrowd(b *bench, name string, more int) (*crowd, error) {
	dir := filepath.Join(b.tmp, "million-"+name)
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	c := &crowd{st: st, beside: func() time.Duration { return 0 }, close: func() { _ = st.Close() }}
	if err := c.settle(b.ctx); err != nil {
		return nil, firstOf(err, st.Close())
	}
	if more > 0 {
		if c.cold, err = crowdSQLite(b.ctx, filepath.Join(dir, "mortise.db"), more); err != nil {
			return nil, firstOf(err, st.Close())
		}
	}
	return c, nil
}

// The rest of the crowd are copies of one person, with ids in order of time as
// ours are and digests that begin with the time, as ours do.
var cloneSQLite = []string{
	`CREATE TEMP TABLE crowd AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
		SELECT i, unhex(printf('00%010x70000000%012x', i, i)) AS id, unhex(printf('%08x', i) || hex(randomblob(28))) AS digest FROM n`,
	`INSERT INTO users SELECT c.id, u.name, u.name_folded, u.locale, u.time_zone, u.state, u.delete_at, u.managed_by, u.version, u.token_version, u.revision,
		u.created_at, u.updated_at FROM crowd c, (SELECT * FROM users ORDER BY id LIMIT 1) u`,
	`INSERT INTO user_emails SELECT 'crowd-' || c.i || '@example.test', c.id, 'crowd-' || c.i || '@example.test', e.verified_at, 1, e.created_at
		FROM crowd c, (SELECT * FROM user_emails ORDER BY user_id LIMIT 1) e ORDER BY 1`,
	`INSERT INTO passwords SELECT c.id, p.version, p.hash, p.changed_at, p.must_change FROM crowd c, (SELECT * FROM passwords LIMIT 1) p`,
	`INSERT INTO sessions SELECT c.id, c.id, c.digest, s.user_version, s.methods, s.assurance, s.authenticated_at, s.created_at, s.last_seen_at,
		s.idle_timeout, s.expires_at, s.lapses_at, s.ip, s.user_agent, s.place, s.ended_at, s.cause FROM crowd c, (SELECT * FROM sessions LIMIT 1) s`,
}

func crowdSQLite(ctx context.Context, path string, n int) (cold []secret.Digest, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)&_pragma=cache_size(-400000)&_pragma=foreign_keys(0)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, stmt := range cloneSQLite {
		var args []any
		if stmt == cloneSQLite[0] {
			args = append(args, n)
		}
		if _, err := db.ExecContext(ctx, stmt, args...); err != nil {
			return nil, fmt.Errorf("%.40s: %w", stmt, err)
		}
	}
	rows, err := db.QueryContext(ctx, "SELECT digest FROM crowd WHERE i % ?1 = 0", max(1, n/20_000))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d []byte
		if err := rows.Scan(&d); err != nil {
			return nil, err
		}
		cold = append(cold, secret.Digest(d))
	}
	return cold, firstOf(rows.Err(), checkpoint(ctx, db))
}

func checkpoint(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func postgresCrowd(b *bench, name string, more int) (*crowd, error) {
	url := os.Getenv("MORTISE_TEST_POSTGRES_URL")
	if url == "" {
		return nil, fmt.Errorf("MORTISE_TEST_POSTGRES_URL is empty: run make bench, which starts a private server")
	}
	schema := fmt.Sprintf("bench_%s_%d", name, os.Getpid())
	st, err := postgres.Open(b.ctx, url, postgres.Options{Schema: schema})
	if err != nil {
		return nil, err
	}
	db, err := pgx.Connect(b.ctx, url)
	if err != nil {
		return nil, firstOf(err, st.Close())
	}
	c := &crowd{st: st, beside: func() time.Duration { return backends(b.ctx, db) }, close: func() {
		_ = st.Close()
		_, _ = db.Exec(context.WithoutCancel(b.ctx), "DROP SCHEMA "+schema+" CASCADE")
		_ = db.Close(context.WithoutCancel(b.ctx))
	}}
	if _, err = db.Exec(b.ctx, "SET search_path = "+schema); err == nil {
		err = c.settle(b.ctx)
	}
	if err == nil && more > 0 {
		c.cold, err = crowdPostgres(b.ctx, db, more)
	}
	if err == nil {
		_, err = db.Exec(b.ctx, "ANALYZE")
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// backends is the CPU that the server's connections have spent, as far as they
// run on this machine.
func backends(ctx context.Context, db *pgx.Conn) (sum time.Duration) {
	rows, err := db.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walwriter')")
	if err != nil {
		return 0
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return 0
	}
	for _, pid := range pids {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			sum += cpuOf(pid)
		}
	}
	return sum
}

var clonePostgres = []string{
	`CREATE TEMP TABLE crowd AS SELECT i, decode(lpad(to_hex(i), 12, '0') || '70000000' || lpad(to_hex(i), 12, '0'), 'hex') AS id,
		int4send(i::int) || substring(sha256(int8send(i)) from 5) AS digest FROM generate_series(1::bigint, %d::bigint) i`,
	`INSERT INTO users SELECT c.id, u.name, u.name_folded, u.locale, u.time_zone, u.state, u.delete_at, u.managed_by, u.version, u.token_version, u.revision,
		u.created_at, u.updated_at FROM crowd c, (SELECT * FROM users LIMIT 1) u`,
	`INSERT INTO user_emails SELECT 'crowd-' || c.i || '@example.test', c.id, 'crowd-' || c.i || '@example.test', e.verified_at, 1, e.created_at
		FROM crowd c, (SELECT * FROM user_emails LIMIT 1) e`,
	`INSERT INTO passwords SELECT c.id, p.version, p.hash, p.changed_at, p.must_change FROM crowd c, (SELECT * FROM passwords LIMIT 1) p`,
	`INSERT INTO sessions SELECT c.id, c.id, c.digest, s.user_version, s.methods, s.assurance, s.authenticated_at, s.created_at, s.last_seen_at,
		s.idle_timeout, s.expires_at, s.lapses_at, s.ip, s.user_agent, s.place, s.ended_at, s.cause FROM crowd c, (SELECT * FROM sessions LIMIT 1) s`,
}

func crowdPostgres(ctx context.Context, db *pgx.Conn, n int) ([]secret.Digest, error) {
	// Keys of foreign rows are not checked one by one: they come from one table.
	if _, err := db.Exec(ctx, "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '256MB'"); err != nil {
		return nil, err
	}
	for i, stmt := range clonePostgres {
		if i == 0 {
			stmt = fmt.Sprintf(stmt, n)
		}
		if _, err := db.Exec(ctx, stmt); err != nil {
			return nil, fmt.Errorf("%.40s: %w", stmt, err)
		}
	}
	rows, err := db.Query(ctx, fmt.Sprintf("SELECT digest FROM crowd WHERE i %% %d = 0", max(1, n/20_000)))
	if err != nil {
		return nil, err
	}
	raw, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	cold := make([]secret.Digest, len(raw))
	for i, d := range raw {
		cold[i] = secret.Digest(d)
	}
	return cold, err
}
