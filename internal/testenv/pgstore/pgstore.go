// Package pgstore opens PostgreSQL stores for tests, each on a database of its own.
// The schema is made once for each process and copied from then on, which takes a
// tenth of the time. Only tests import it.
package pgstore

import (
	"context"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/storage/postgres"
)

// Open returns an empty store, which is closed when t ends.
func Open(t testing.TB) *postgres.Store {
	t.Helper()
	st, err := postgres.Open(t.Context(), URL(t), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// URL names a database that has the schema and nothing in it, for tests that open it
// themselves.
func URL(t testing.TB) string {
	t.Helper()
	return testenv.Postgres(t, migrate)
}

func migrate(ctx context.Context, url string) error {
	st, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		return err
	}
	return st.Close()
}
