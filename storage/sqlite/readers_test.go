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
