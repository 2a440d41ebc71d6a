package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// TH-2: A is held open, B commits, A commits: a follower that moved past B's
// number still gets A. Also when A is a transaction of the library's user.
func TestCommitOrder(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	inserted, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.Write(context.Background(), func(tx sqlstore.Tx) error {
			if err := revoke(tx, 'A'); err != nil {
				return err
			}
			close(inserted)
			<-release
			return nil
		})
	}()
	<-inserted
	must(t, s.Write(ctx, func(tx sqlstore.Tx) error { return revoke(tx, 'B') }))
	number, _, err := s.Revocations().Head(ctx)
	must(t, err)
	first, err := s.Revocations().Since(ctx, 0, 10)
	must(t, err)
	if len(first) != 1 || first[0].Value[15] != 'B' || first[0].Number != number {
		t.Fatalf("with A open: %v, head %d", first, number)
	}
	close(release)
	must(t, <-done)
	second, err := s.Revocations().Since(ctx, number, 10)
	must(t, err)
	if len(second) != 1 || second[0].Value[15] != 'A' || second[0].Number != number+1 {
		t.Fatalf("after A committed: %v", second)
	}
}

// TH-2: many writers and pollers: every entry is delivered once, in order, with
// no gap, and audit sequences have none either.
func TestSequencerRace(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	const writers, each = 6, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				if err := s.Write(ctx, func(tx sqlstore.Tx) error {
					if err := revoke(tx, byte(w)); err != nil {
						return err
					}
					return putIn(tx, fmt.Sprint(w, "-", n))
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			var at int64
			for seen := 0; seen < writers*each; {
				entries, err := s.Revocations().Since(ctx, at, 7)
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range entries {
					if e.Number != at+1 {
						t.Errorf("number %d after %d", e.Number, at)
					}
					at = e.Number
				}
				seen += len(entries)
			}
		})
	}
	wg.Wait()
	must(t, s.Number(ctx))
	if n := count(t, s, "SELECT count(*) FROM audit_events WHERE sequence IS NULL"); n != 0 {
		t.Errorf("%d events without a sequence", n)
	}
	if n := count(t, s, "SELECT max(sequence) - count(*) FROM audit_events"); n != 0 {
		t.Errorf("gaps in the sequence: %d", n)
	}
}

// A sequencer that hangs makes polls fail: one that saw nothing for certain must
// not count as a proof (TH-11).
func TestStuckSequencer(t *testing.T) {
	s := fresh(t)
	must(t, s.Write(t.Context(), func(tx sqlstore.Tx) error { return revoke(tx, 1) }))
	held, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.Write(context.Background(), func(tx sqlstore.Tx) error {
			_, err := tx.Exec(context.Background(), sequencerLock)
			close(held)
			<-release
			return err
		})
	}()
	<-held
	if _, _, err := s.Revocations().Head(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("head with a stuck sequencer: %v", err)
	}
	close(release)
	must(t, <-done)
	if n, _, err := s.Revocations().Head(t.Context()); n != 1 || err != nil {
		t.Errorf("head afterwards: %d, %v", n, err)
	}
}

func TestWake(t *testing.T) {
	s := fresh(t)
	wake := s.Wake()
	for n := 0; ; n++ { // until the listener is up
		must(t, s.Write(t.Context(), func(tx sqlstore.Tx) error { return revoke(tx, byte(n)) }))
		must(t, s.Number(t.Context()))
		select {
		case <-wake:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TH-23: of 64 callers one each is cancelled, violates and panics; the others
// are durable and events match acts.
func TestBadActs(t *testing.T) {
	s := fresh(t)
	must(t, put(s, "taken"))
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := make([]error, 64)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			switch i {
			case 10:
				errs[i] = s.Write(cancelled, func(tx sqlstore.Tx) error {
					if err := putIn(tx, "cancelled"); err != nil {
						return err
					}
					cancel()
					_, err := tx.Exec(cancelled, "UPDATE settings SET value = '1' WHERE key = 'cancelled'")
					return err
				})
			case 20:
				errs[i] = put(s, "taken")
			case 30:
				defer func() {
					if recover() != "boom" {
						t.Error("the panic did not go on")
					}
				}()
				_ = s.Write(t.Context(), func(tx sqlstore.Tx) error {
					if err := putIn(tx, "panicking"); err != nil {
						return err
					}
					panic("boom")
				})
			default:
				errs[i] = put(s, fmt.Sprint("act-", i))
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		switch i {
		case 10:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		case 20:
			if !errors.Is(err, sqlstore.ErrUnique) {
				t.Errorf("violating: %v", err)
			}
		default:
			if err != nil {
				t.Errorf("act %d: %v", i, err)
			}
		}
	}
	if n := count(t, s, "SELECT count(*) FROM settings"); n != 62 {
		t.Errorf("%d settings, want 62", n)
	}
	if n := count(t, s, "SELECT count(*) FROM settings FULL JOIN audit_events ON key = subject WHERE key IS NULL OR subject IS NULL"); n != 0 {
		t.Errorf("%d acts without event or events without act", n)
	}
}

// Two acts that wait for one another: PostgreSQL ends one, it is run again, and
// both are kept.
func TestDeadlock(t *testing.T) {
	s := fresh(t)
	must(t, put(s, "a"))
	must(t, put(s, "b"))
	var both sync.WaitGroup
	both.Add(2)
	var first [2]sync.Once
	var wg sync.WaitGroup
	for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			err := s.Write(context.Background(), func(tx sqlstore.Tx) error {
				for n, key := range order {
					if n == 1 {
						first[i].Do(func() { both.Done(); both.Wait() })
					}
					if _, err := tx.Exec(context.Background(), "UPDATE settings SET value = value || 'x' WHERE key = $1", key); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, s, "SELECT count(*) FROM settings WHERE value = 'xx'"); n != 2 {
		t.Errorf("%d of 2 rows have both changes", n)
	}
}

// A connection that dies in the middle of an act: 503, nothing half-done, and the
// next act works.
func TestConnectionLoss(t *testing.T) {
	s := fresh(t)
	err := s.Write(t.Context(), func(tx sqlstore.Tx) error {
		if err := putIn(tx, "lost"); err != nil {
			return err
		}
		var pid int64
		if err := tx.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		c, err := pgx.Connect(t.Context(), server(t))
		if err != nil {
			return err
		}
		defer c.Close(t.Context())
		if _, err := c.Exec(t.Context(), "SELECT pg_terminate_backend($1::int)", pid); err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), "UPDATE settings SET value = 'y'")
		return err
	})
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("act: %v", err)
	}
	must(t, put(s, "next"))
	if n := count(t, s, "SELECT count(*) FROM settings WHERE key = 'lost'"); n != 0 {
		t.Error("half of the act is there")
	}
}

// A server that does not answer is unavailable, and its password stays out of
// the error.
func TestNoServer(t *testing.T) {
	for _, dsn := range []string{"postgres://u:hunter2@127.0.0.1:1/x", "postgres://u:hunter2@127.0.0.1:port/x"} {
		_, err := Open(t.Context(), dsn, Options{})
		if err == nil {
			t.Fatal("opened")
		}
		if u, parse := url.Parse(dsn); parse == nil && u.Port() == "1" && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%v", err)
		}
		if got := err.Error(); len(got) == 0 || strings.Contains(got, "hunter2") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// TH-12 TH-24: the database turns out to be on another server: everything alive
// ends before anything is answered, once, however many replicas notice.
func TestFailover(t *testing.T) {
	dsn := server(t)
	o := Options{Schema: schemaName(t, dsn)}
	s := open(t, dsn, o)
	_, before, err := s.Revocations().Head(t.Context())
	must(t, err)
	must(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE instance SET origin = '1/00000001/1'")
		return err
	}))
	var got []revocation.Entry
	s.OnRevoke(func(e []revocation.Entry) { got = append(got, e...) })
	old := "1/00000001/1"
	s.origin.Store(&old)
	s.pool.Reset() // as a failover does
	_, after, err := s.Revocations().Head(t.Context())
	must(t, err)
	if !s.Restored() || after == before || len(got) == 0 || got[0].Kind != revocation.Instance {
		t.Errorf("restored %v, epoch %s then %s, told %v", s.Restored(), before, after, got)
	}
	evs, err := s.Audit().Search(t.Context(), audit.Query{Name: "server.restore", Limit: 10})
	if err != nil || len(evs) != 1 {
		t.Errorf("events: %v, %v", evs, err)
	}
	other := open(t, dsn, o)
	if _, epoch, _ := other.Revocations().Head(t.Context()); other.Restored() || epoch != after {
		t.Error("the second replica ended everything again")
	}
}

// Replicas that start together make one schema and one instance.
func TestOpenTogether(t *testing.T) {
	dsn := server(t)
	o := Options{Schema: schemaName(t, dsn)}
	var wg sync.WaitGroup
	ids := make([][16]byte, 4)
	for i := range ids {
		wg.Go(func() {
			s, err := Open(context.Background(), dsn, o)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			f, err := s.Instance().Facts(context.Background())
			if err != nil {
				t.Error(err)
			}
			ids[i] = f.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id == [16]byte{} {
			t.Errorf("instances %x", ids)
		}
	}
}

// Through a transaction-pooling proxy no prepared statement outlives its
// transaction: both modes the URL may ask for do without.
func TestProxyModes(t *testing.T) {
	for _, mode := range []string{"exec", "cache_describe", "describe_exec"} {
		dsn := server(t)
		u, err := url.Parse(dsn)
		must(t, err)
		q := u.Query()
		q.Set("default_query_exec_mode", mode)
		u.RawQuery = q.Encode()
		s := open(t, u.String(), Options{Schema: schemaName(t, dsn)})
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		id := user.NewID(now)
		u1 := user.User{ID: id, State: user.Active, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
		ev := audit.New(tested, now, user.System().Actor, audit.Source{}, id.String())
		if err := s.Users().Create(t.Context(), u1, []user.Email{{User: id, Address: "a@b.test", Key: "a@b.test", Primary: true, CreatedAt: now}}, ev); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if got, err := s.Users().ByID(t.Context(), id); err != nil || got.Version != 1 {
			t.Errorf("%s: %v, %v", mode, got, err)
		}
		if _, _, err := s.Revocations().Head(t.Context()); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

var tested = audit.Define("test.event", audit.Info, "")

// A host's own pool works, and stays open.
func TestPool(t *testing.T) {
	dsn := server(t)
	name := schemaName(t, dsn)
	open(t, dsn, Options{Schema: name}).Close()
	cfg, err := pgxpool.ParseConfig(dsn)
	must(t, err)
	cfg.ConnConfig.RuntimeParams["search_path"] = name
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	must(t, err)
	defer pool.Close()
	s, err := Pool(t.Context(), pool, Options{})
	must(t, err)
	must(t, put(s, "x"))
	must(t, s.Health(t.Context()))
	must(t, s.Close())
	must(t, pool.Ping(t.Context()))
}

func TestNewerSchema(t *testing.T) {
	dsn := server(t)
	o := Options{Schema: schemaName(t, dsn)}
	s := open(t, dsn, o)
	must(t, s.Write(t.Context(), func(tx sqlstore.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		return err
	}))
	if _, err := Open(t.Context(), dsn, o); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
	have, want, _, err := Status(t.Context(), dsn, o)
	if err != nil || have != 99999 || want >= have {
		t.Errorf("%d, %d, %v", have, want, err)
	}
}

func TestStatusEmpty(t *testing.T) {
	dsn := server(t)
	have, want, pending, err := Status(t.Context(), dsn, Options{Schema: schemaName(t, dsn)})
	if err != nil || have != 0 || want == 0 || !strings.Contains(pending, "CREATE TABLE sessions") {
		t.Errorf("%d of %d, %v", have, want, err)
	}
}
