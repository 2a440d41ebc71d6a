package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/bound"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// Options say how to open a database. The zero Options are right for production.
type Options struct {
	// Schema holds our tables and is made when it does not exist. Empty: the
	// first of the role's search_path. Several instances may share a database,
	// one schema each.
	Schema string
	// Manual refuses a database that needs a migration (store.ErrOlderSchema)
	// instead of migrating it. A fresh one is made either way.
	Manual bool
	// Timeout bounds each act and read whose context has no earlier deadline;
	// 0: 10 s.
	Timeout time.Duration
}

// Store is a database. It implements store.Store and is safe for concurrent use.
type Store struct {
	store.Set
	pool     *pgxpool.Pool
	owned    bool
	options  Options
	have     int64
	want     int64
	mu       sync.Mutex // guards hooks against a restore noticed late
	hooks    []func([]revocation.Entry)
	origin   atomic.Pointer[string] // of the server as last seen; nil while opening
	restored atomic.Bool
	listener listener
	closing  sync.Once
}

var (
	_ store.Store     = (*Store)(nil)
	_ sqlstore.Engine = (*Store)(nil)
)

// Open connects to the database at a postgres:// URL. The URL may set pgx's
// pool_… and connection parameters; where it is silent, two connections are kept
// open and at most four per core, at least eight, are made. Errors:
// store.ErrUnavailable, store.ErrNewerSchema, store.ErrOlderSchema (Manual only).
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: bad database URL: %w", withoutSecret(err))
	}
	s := &Store{options: o, owned: true}
	tune(cfg, dsn, o)
	cfg.AfterConnect = s.greet
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, unavailable(err)
	}
	if err := s.open(ctx); err != nil {
		s.pool.Close()
		return nil, err
	}
	return s, nil
}

// Pool is Open on a host's own pool, which stays the host's to close. The host
// sets the search_path; Options.Schema is refused. A failover is then noticed at
// the next poll of the revocations instead of at the first new connection.
func Pool(ctx context.Context, pool *pgxpool.Pool, o Options) (*Store, error) {
	if o.Schema != "" {
		return nil, errors.New("postgres: a host's pool chooses its own schema")
	}
	s := &Store{options: o, pool: pool}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func tune(cfg *pgxpool.Config, dsn string, o Options) {
	if !strings.Contains(dsn, "pool_max_conns") {
		cfg.MaxConns = int32(max(8, 4*runtime.GOMAXPROCS(0)))
	}
	if !strings.Contains(dsn, "pool_min_conns") {
		cfg.MinConns = min(2, cfg.MaxConns)
	}
	if cfg.ConnConfig.ConnectTimeout == 0 || !strings.Contains(dsn, "connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	if _, ok := cfg.ConnConfig.RuntimeParams["application_name"]; !ok {
		cfg.ConnConfig.RuntimeParams["application_name"] = "mortise"
	}
	if o.Schema != "" {
		cfg.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{o.Schema}.Sanitize()
	}
}

// withoutSecret keeps a password in a URL out of the logs.
func withoutSecret(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("it cannot be parsed")
	}
	return err
}

func (s *Store) open(ctx context.Context) error {
	if s.options.Timeout <= 0 {
		s.options.Timeout = 10 * time.Second
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	s.Set = sqlstore.NewSet(s)
	return s.withConn(ctx, func(ctx context.Context, c *pgxpool.Conn) error {
		return s.reconcile(ctx, c.Conn())
	})
}

// withConn lends a connection for a bounded time.
func (s *Store) withConn(ctx context.Context, fn func(context.Context, *pgxpool.Conn) error) error {
	bounded, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	c, err := s.pool.Acquire(bounded)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return translate(err)
	}
	defer c.Release()
	return fn(bounded, c)
}

// Read implements sqlstore.Engine.
func (s *Store) Read(ctx context.Context, fn func(sqlstore.Querier) error) error {
	return s.withConn(ctx, func(ctx context.Context, c *pgxpool.Conn) error {
		v := &view{conn: c, ctx: ctx}
		defer func() { v.conn = nil }()
		return fn(v)
	})
}

// Write implements sqlstore.Engine.
func (s *Store) Write(ctx context.Context, fn func(sqlstore.Tx) error) error {
	var entries []revocation.Entry
	err := s.retry(ctx, func() error {
		return s.withConn(ctx, func(ctx context.Context, c *pgxpool.Conn) error {
			a := newAct(c.Conn())
			err := a.run(ctx, fn)
			entries = a.entries
			return err
		})
	})
	if err == nil {
		s.revoked(entries)
	}
	return err
}

// attempts bounds how often an act is run against conflicts.
const attempts = 8

// retry runs once again what lost a conflict, or found a connection dead before
// it had sent anything.
func (s *Store) retry(ctx context.Context, once func() error) error {
	for n := 1; ; n++ {
		err := once()
		if err == nil || n == attempts || !(conflict(err) || pgconn.SafeToRetry(err)) {
			return err
		}
		select {
		case <-time.After(time.Duration(n*n) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Store) revoked(entries []revocation.Entry) {
	if len(entries) == 0 {
		return
	}
	s.mu.Lock()
	hooks := s.hooks
	s.mu.Unlock()
	for _, f := range hooks {
		f(entries)
	}
}

// InTx implements store.Store.
func (s *Store) InTx(ctx context.Context, fn func(store.Set) error) error {
	return s.Write(ctx, func(tx sqlstore.Tx) error { return fn(s.in(tx.(*act))) })
}

func (s *Store) in(a *act) store.Set {
	return sqlstore.NewSet(bound.Engine{Act: a, In: s.Dialect()})
}

// Dialect implements sqlstore.Engine.
func (s *Store) Dialect() sqlstore.Dialect {
	return sqlstore.Dialect{ForShare: " FOR SHARE", ForUpdate: " FOR UPDATE", SkipLocked: " FOR UPDATE SKIP LOCKED"}
}

// OnRevoke implements store.Store.
func (s *Store) OnRevoke(f func([]revocation.Entry)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, f)
}

// Now implements store.Store.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	err = s.Read(ctx, func(q sqlstore.Querier) error {
		var micros int64
		err := q.QueryRow(ctx, clock).Scan(&micros)
		now = time.UnixMicro(micros).UTC()
		return err
	})
	return now, err
}

const clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

// Schema implements store.Store.
func (s *Store) Schema(context.Context) (have, want int64, err error) { return s.have, s.want, nil }

// Restored implements store.Store.
func (s *Store) Restored() bool { return s.restored.Load() }

// Health implements store.Store. It writes nothing, but asks for a lock that
// only a primary gives.
func (s *Store) Health(ctx context.Context) error {
	return s.Write(ctx, func(tx sqlstore.Tx) error {
		var n int64
		return tx.QueryRow(ctx, "SELECT number FROM heads WHERE name = 'audit' FOR SHARE").Scan(&n)
	})
}

// Engine implements store.Store.
func (s *Store) Engine() string { return "postgres" }

// Close implements store.Store.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.listener.stop()
		if s.owned {
			s.pool.Close()
		}
	})
	return nil
}
