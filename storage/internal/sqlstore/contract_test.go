package sqlstore_test

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/store/storetest"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/pgstore"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// The marks of what the suite proves; its tests say which proves what:
// OA-5 OA-6 OA-7
// TH-5 TH-6 TH-7 TH-8 TH-13 OA-40 OA-41 OA-42 OA-43 OA-44 OA-45 OA-46 OA-47 JW-30 JW-31 AU-60 AU-61
// TH-1 TH-2 TH-3 TH-4 TH-11 TH-12 TH-15 TH-17 TH-21 TH-22 TH-31 TH-35 TH-40 TH-41 TH-43
// PW-20 PW-23 PW-24 PW-31 PW-33 PW-36 SE-20 SE-22 SE-25 SE-26 SE-27 AU-20 AU-40
func TestContract(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { storetest.Run(t, openSQLite) })
	t.Run("postgres", func(t *testing.T) { storetest.Run(t, openPostgres) })
}

// TH-6: two processes on one database are two handles with nothing in common.
func TestShared(t *testing.T) {
	url := pgstore.URL(t)
	open := func() store.Store {
		s, err := postgres.Open(t.Context(), url, postgres.Options{})
		return opened(t, s, err)
	}
	storetest.RunShared(t, open(), open())
}

func openSQLite(t *testing.T) store.Store {
	s, err := sqlite.Memory(t.Context(), sqlite.Options{})
	return opened(t, s, err)
}

func openPostgres(t *testing.T) store.Store { return pgstore.Open(t) }

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
