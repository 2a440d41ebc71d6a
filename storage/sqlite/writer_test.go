package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/bound"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// hold occupies the writer with an act until release is called.
func hold(s *Store) (release func()) {
	in, out := make(chan struct{}), make(chan struct{})
	var once sync.Once // it may run again with its batch
	go func() {
		a := newAct(s.writer, func(sqlstore.Tx) error { once.Do(func() { close(in) }); <-out; return nil })
		a.unhurried = true
		_ = s.submit(context.Background(), a, "holder")
	}()
	<-in
	return func() { close(out) }
}

// queued waits until n acts are in the queue.
func queued(s *Store, n int) {
	for {
		s.writer.queue.mu.Lock()
		got := s.writer.queue.waiting
		s.writer.queue.mu.Unlock()
		if got >= n {
			return
		}
		runtime.Gosched()
	}
}

// TH-23: of 64 callers in one batch one each is cancelled, violates a
// constraint, panics and fills the disk; the other 60 are durable, and events
// match acts exactly.
func TestPoisonedBatch(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if err := put(s, "taken"); err != nil {
		t.Fatal(err)
	}
	var pages int64
	if err := one(s.writer.conn, "PRAGMA page_count", &pages); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.conn.script(fmt.Sprintf("PRAGMA max_page_count = %d", pages+100)); err != nil {
		t.Fatal(err)
	}

	release := hold(s)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	errs := make([]error, 64)
	panicked, left := make(chan any, 1), make(chan struct{})
	for i := range errs {
		wg.Go(func() {
			switch i {
			case 10:
				errs[i] = s.Write(ctx, func(tx sqlstore.Tx) error { return putIn(tx, "cancelled") })
				close(left)
			case 20:
				errs[i] = put(s, "taken")
			case 30:
				defer func() { panicked <- recover() }()
				errs[i] = s.Write(context.Background(), func(tx sqlstore.Tx) error {
					if err := putIn(tx, "panicking"); err != nil {
						return err
					}
					panic("boom")
				})
			case 40:
				errs[i] = s.Write(context.Background(), func(tx sqlstore.Tx) error {
					if err := putIn(tx, "large"); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, "UPDATE settings SET value = $1 WHERE key = 'large'", string(bytes.Repeat([]byte("x"), 4<<20)))
					return err
				})
			default:
				errs[i] = put(s, fmt.Sprint("act-", i))
			}
		})
	}
	queued(s, 64)
	cancel()
	<-left
	release()
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
		case 30:
			if got, ok := (<-panicked).(*thrown); !ok || got.value != "boom" || !bytes.Contains(got.stack, []byte("TestPoisonedBatch")) {
				t.Errorf("panic went on as %v, %v", got, err)
			}
		case 40:
			if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, errFull) {
				t.Errorf("disk full: %v", err)
			}
		default:
			if err != nil {
				t.Errorf("act %d: %v", i, err)
			}
		}
	}
	whole(t, s)
	if got := query(t, s, "SELECT CAST(count(*) AS TEXT) FROM settings WHERE key LIKE 'act-%'"); got[0] != "60" {
		t.Errorf("%s of 60 acts are there", got[0])
	}
	if err := put(s, "afterwards"); err != nil {
		t.Errorf("the engine did not survive a full disk: %v", err)
	}
	s.Close()
	whole(t, open(t, dir, Options{}))
}

// TH-23: acts that refuse before they wrote cost the others nothing; one that
// fails half-way has them run again, in savepoints from then on; and whatever
// happens, each is kept once and whole or not at all.
func TestHalfWay(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	refused := errors.New("refused")
	batch := func(name string, odd func(tx sqlstore.Tx, key string) error) (runs int) {
		release := hold(s)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				key := fmt.Sprint(name, "-", i)
				err := s.Write(context.Background(), func(tx sqlstore.Tx) error {
					runs++
					if i%2 == 1 {
						return odd(tx, key)
					}
					return putIn(tx, key)
				})
				if i%2 == 0 && err != nil || i%2 == 1 && !errors.Is(err, refused) {
					t.Errorf("%s: %v", key, err)
				}
			})
		}
		queued(s, 8)
		release()
		wg.Wait()
		kept := query(t, s, "SELECT key FROM settings WHERE key LIKE '"+name+"-%' ORDER BY key")
		if want := []string{name + "-0", name + "-2", name + "-4", name + "-6"}; !slices.Equal(kept, want) {
			t.Errorf("%s: kept %q", name, kept)
		}
		whole(t, s)
		return runs
	}
	early := func(tx sqlstore.Tx, key string) error {
		if n, err := tx.Exec(t.Context(), "UPDATE settings SET value = 'x' WHERE key = $1", key); n != 0 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		tx.Sequence(sqlstore.Events)
		return refused
	}
	half := func(tx sqlstore.Tx, key string) error { return errors.Join(putIn(tx, key), refused) }
	returning := func(tx sqlstore.Tx, key string) error {
		var got string
		err := tx.QueryRow(t.Context(), "INSERT INTO settings (key, value) VALUES ($1, '') RETURNING key", key).Scan(&got)
		return errors.Join(err, refused)
	}
	if n := batch("early", early); n != 8 {
		t.Errorf("acts that wrote nothing: %d runs of 8", n)
	}
	if n := batch("half", half); n <= 8 {
		t.Errorf("acts that failed half-way: %d runs of 8", n)
	}
	if n := batch("wary", half); n != 8 {
		t.Errorf("with savepoints: %d runs of 8", n)
	}
	for s.writer.wary > 0 {
		if err := put(s, fmt.Sprint("between-", s.writer.wary)); err != nil {
			t.Fatal(err)
		}
	}
	if n := batch("returning", returning); n <= 8 {
		t.Errorf("acts that wrote by a query: %d runs of 8", n)
	}
}

// An act that ends its goroutine, as t.FailNow does, ends its caller's and not
// the writer's.
func TestExit(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var wg sync.WaitGroup
	release := hold(s)
	went := true
	wg.Go(func() {
		_ = s.Write(context.Background(), func(tx sqlstore.Tx) error {
			_ = putIn(tx, "gone")
			runtime.Goexit()
			return nil
		})
		went = false
	})
	for i := range 4 {
		wg.Go(func() {
			if err := put(s, fmt.Sprint("other-", i)); err != nil {
				t.Error(err)
			}
		})
	}
	queued(s, 5)
	release()
	wg.Wait()
	if !went {
		t.Error("the caller went on")
	}
	if got := query(t, s, "SELECT key FROM settings ORDER BY key"); len(got) != 4 {
		t.Errorf("kept %q", got)
	}
	whole(t, s)
}

// TH-23: an act whose statement failed does not go on outside of its
// transaction, and is not kept when its function swallows the error.
func TestSwallowedError(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	if err := put(s, "taken"); err != nil {
		t.Fatal(err)
	}
	var next error
	err := s.Write(t.Context(), func(tx sqlstore.Tx) error {
		_ = putIn(tx, "half")
		_ = putIn(tx, "taken")
		next = putIn(tx, "other half")
		return nil
	})
	if !errors.Is(err, sqlstore.ErrUnique) || !errors.Is(next, errSpent) {
		t.Errorf("act: %v; statement after the failed one: %v", err, next)
	}
	whole(t, s)
}

// TH-26: an act of the transaction that fails half-way undoes all of it, even
// when its caller swallows the error; one that changed nothing does not.
func TestInTxHalfAct(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	refused := errors.New("refused")
	for _, half := range []bool{false, true} {
		key := fmt.Sprint("half-", half)
		err := s.Write(t.Context(), func(tx sqlstore.Tx) error {
			e := bound.Engine{Act: tx.(*act)}
			if _, err := sqlstore.NewSet(e).Instance().PutSetting(t.Context(), key, "v", false); err != nil {
				return err
			}
			_ = e.Write(t.Context(), func(tx sqlstore.Tx) error {
				if half {
					if err := putIn(tx, "inner"); err != nil {
						return err
					}
				}
				return refused
			})
			return nil
		})
		if half != errors.Is(err, refused) {
			t.Errorf("half %v: %v", half, err)
		}
		if got := query(t, s, "SELECT key FROM settings WHERE key = '"+key+"'"); (len(got) == 0) != half {
			t.Errorf("half %v: kept %q", half, got)
		}
	}
}

// TH-26: a closure that sleeps is cut off, delays others by no more than that,
// and none of it is kept.
func TestSleepingClosure(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	wake := make(chan struct{})
	slept := make(chan error, 2)
	go func() {
		slept <- s.submit(context.Background(), newAct(s.writer, func(tx sqlstore.Tx) error {
			if err := putIn(tx, "sleeper"); err != nil {
				return err
			}
			<-wake
			slept <- putIn(tx, "late")
			return nil
		}), "")
	}()
	for i := range 20 { // all while the sleeper sleeps
		if err := put(s, fmt.Sprint("other-", i)); err != nil {
			t.Fatal(err)
		}
	}
	close(wake)
	if err := <-slept; !errors.Is(err, ErrTooSlow) {
		t.Errorf("statement after the cut: %v", err)
	}
	if err := <-slept; !errors.Is(err, ErrTooSlow) {
		t.Errorf("sleeping act: %v", err)
	}
	if got := query(t, s, "SELECT key FROM settings WHERE key IN ('sleeper', 'late')"); len(got) > 0 {
		t.Errorf("kept: %q", got)
	}
	whole(t, s)
}

// An act that was cut off once, as on a machine that is busy elsewhere, is tried
// again and done once.
func TestCutOffOnce(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	runs := 0
	err := s.Write(t.Context(), func(tx sqlstore.Tx) error {
		if runs++; runs == 1 {
			for tx.(*act).enter() == nil {
				tx.(*act).mu.Unlock()
				runtime.Gosched()
			}
			tx.(*act).mu.Unlock()
		}
		return putIn(tx, "honest")
	})
	if err != nil || runs != 2 {
		t.Errorf("%v after %d runs", err, runs)
	}
	whole(t, s)
}

// TH-26: 10,000 queued acts of one source delay another by at most 2 batches.
func TestFairQueue(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	release := hold(s)
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	write := func(source string) {
		wg.Go(func() {
			err := s.Write(store.WithSource(context.Background(), source), func(sqlstore.Tx) error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, source)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range 10_000 {
		write("noisy")
	}
	queued(s, 10_000)
	write("quiet")
	queued(s, 10_001)
	release()
	wg.Wait()
	if at := slices.Index(order, "quiet"); at < 0 || at > 2*batchActs {
		t.Errorf("the quiet source's act was number %d", at)
	}
}

// TH-26: a full queue refuses its longest line first, with Retry-After.
func TestFullQueue(t *testing.T) {
	q := newQueue(3)
	w := &writer{queue: q}
	var noisy []*act
	for range 3 {
		a := newAct(w, nil)
		noisy = append(noisy, a)
		if err := q.push(a, "noisy"); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.push(newAct(w, nil), "noisy"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("one more of the longest line: %v", err)
	}
	if err := q.push(newAct(w, nil), "quiet"); err != nil {
		t.Errorf("another source: %v", err)
	}
	if err := <-noisy[2].over; !errors.Is(err, errQueueFull) {
		t.Errorf("the newest of the longest line: %v", err)
	}
}

// A failed COMMIT is never retried: the engine closes for good (TH-23).
func TestFailedCommit(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	s.writer.breakDown(errors.New("fsync"))
	for range 2 {
		if err := put(s, "after"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("write: %v", err)
		}
	}
	if err := s.Health(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("health: %v", err)
	}
}

// Entries reach OnRevoke before the act returns, and only those of acts that
// were kept.
func TestOnRevoke(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var got []revocation.Entry
	s.OnRevoke(func(e []revocation.Entry) { got = append(got, e...) })
	for _, fail := range []error{errors.New("no"), nil} {
		err := s.Write(t.Context(), func(tx sqlstore.Tx) error {
			n, ok := tx.Sequence(sqlstore.Revocations)
			if !ok {
				t.Error("no number")
			}
			tx.Revoke(revocation.Entry{Number: n, Kind: revocation.Instance})
			return fail
		})
		if !errors.Is(err, fail) {
			t.Error(err)
		}
	}
	if len(got) != 1 || got[0].Number != 1 {
		t.Errorf("told %v", got)
	}
}

// A querier is dead when its function returned.
func TestOutside(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	var tx sqlstore.Tx
	var q sqlstore.Querier
	if err := s.Write(t.Context(), func(in sqlstore.Tx) error { tx = in; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Read(t.Context(), func(in sqlstore.Querier) error { q = in; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "DELETE FROM heads"); !errors.Is(err, errOutside) {
		t.Error(err)
	}
	if _, err := q.Query(t.Context(), "SELECT 1"); !errors.Is(err, errOutside) {
		t.Error(err)
	}
}
