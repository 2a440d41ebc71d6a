package sqlstore_test

import (
	"context"
	"encoding/hex"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/store/storetest"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// The marks of what the suite proves; its tests say which proves what:
// TH-1 TH-2 TH-3 TH-4 TH-17 TH-21 TH-22 TH-31 TH-35 TH-41 TH-43
// PW-20 PW-23 PW-24 PW-31 PW-33 PW-36 SE-20 SE-22 SE-25 SE-26 SE-27 AU-20 AU-40
func TestContract(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { storetest.Run(t, openSQLite) })
	t.Run("postgres", func(t *testing.T) { storetest.Run(t, openPostgres) })
}

func openSQLite(t *testing.T) store.Store {
	s, err := sqlite.Memory(t.Context(), sqlite.Options{})
	return opened(t, s, err)
}

// openPostgres makes a schema of its own in MORTISE_TEST_POSTGRES_URL.
func openPostgres(t *testing.T) store.Store {
	dsn := os.Getenv("MORTISE_TEST_POSTGRES_URL")
	if dsn == "" {
		t.Fatal("MORTISE_TEST_POSTGRES_URL names no PostgreSQL; make test starts one")
	}
	var random [8]byte
	secret.Fill(random[:])
	schema := "contract_" + hex.EncodeToString(random[:])
	t.Cleanup(func() {
		ctx := context.Background()
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := c.Exec(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	s, err := postgres.Open(t.Context(), dsn, postgres.Options{Schema: schema})
	return opened(t, s, err)
}

func opened(t *testing.T, s store.Store, err error) store.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
