package sqlite

import (
	"testing"
	"testing/synctest"
)

// Who wants a connection while the only one is in use gets that one when it comes
// back soon, and another one when it does not.
func TestReadersDialSparingly(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"comes back": true, "does not": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, err := openCopy(t.Context(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			synctest.Test(t, func(t *testing.T) {
				r := newReaders(readDSN(dir), 4)
				defer r.close()
				first, err := r.take(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got := make(chan *conn)
				go func() {
					c, err := r.take(t.Context())
					if err != nil {
						t.Error(err)
					}
					got <- c
				}()
				synctest.Wait() // until it waits for a connection
				if back {
					r.give(first)
				}
				second := <-got
				if (second == first) != back {
					t.Errorf("the same connection: %t, want %t", second == first, back)
				}
				r.give(second)
				if !back {
					r.give(first)
				}
			})
		})
	}
}

// Two connections may open a database at once only when it has its log already.
func TestLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if logged(dir) {
		t.Error("a folder without a database has a log")
	}
	if err := makeFolder(dir); err != nil {
		t.Fatal(err)
	}
	if logged(dir) {
		t.Error("an empty database has a log")
	}
	c, err := dial(dsn(dir, "busy_timeout(5000)"))
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]bool{"DELETE": false, "WAL": true} {
		if err := c.script("PRAGMA journal_mode=" + mode + "; CREATE TABLE IF NOT EXISTS x (y)"); err != nil {
			t.Fatal(err)
		}
		if got := logged(dir); got != want {
			t.Errorf("%s: logged: %t", mode, got)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}
