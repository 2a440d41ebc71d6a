package testenv

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/testenv/services"
)

func TestMain(m *testing.M) { Main(m) }

var migrations atomic.Int32

func migrate(ctx context.Context, url string) error {
	migrations.Add(1)
	return execute(ctx, url, "CREATE TABLE thing (n int); INSERT INTO thing VALUES (1)")
}

func count(t *testing.T, url string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM thing").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostgresCopiesAreSeparate(t *testing.T) {
	a, b := Postgres(t, migrate), Postgres(t, migrate)
	if err := execute(t.Context(), a, "INSERT INTO thing VALUES (2)"); err != nil {
		t.Fatal(err)
	}
	if na, nb := count(t, a), count(t, b); na != 2 || nb != 1 {
		t.Errorf("a has %d rows, b has %d", na, nb)
	}
	if n := migrations.Load(); n != 1 {
		t.Errorf("migrated %d times", n)
	}
}

func TestPostgresInParallel(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { Postgres(t, migrate) })
	}
	wg.Wait()
}

func TestPostgresDropsItsDatabase(t *testing.T) {
	var url string
	t.Run("Weird Name/ü", func(t *testing.T) {
		url = Postgres(t, nil)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(context.Background()) }) // still open when dropped
	})
	if err := execute(t.Context(), url, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("connecting afterwards: %v", err)
	}
}

func TestRedis(t *testing.T) {
	if url := Redis(t); !strings.HasPrefix(url, "redis") {
		t.Errorf("url %q", url)
	}
}

func TestServicesStopAndLeaveNothing(t *testing.T) {
	starts := map[string]func(context.Context) (*services.Server, error){
		"redis":    services.Redis,
		"postgres": func(ctx context.Context) (*services.Server, error) { return services.Postgres(ctx, services.Durable) },
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			if err := os.Chmod(tmp, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(tmp+"/..", 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("TMPDIR", tmp)
			s, err := start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !s.Alive() {
				t.Error("it is not alive")
			}
			if err := errors.Join(s.Stop(), s.Stop()); err != nil || s.Alive() {
				t.Errorf("stop: %v, alive %v", err, s.Alive())
			}
			if left, _ := os.ReadDir(tmp); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestChromium(t *testing.T) {
	if _, err := os.Stat(Chromium(t)); err != nil {
		t.Error(err)
	}
}
