package postgres

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// server is the URL of an empty database.
func server(t testing.TB) string {
	t.Helper()
	return testenv.Postgres(t, nil)
}

// schemaName makes a schema's name and drops the schema when the test is over.
func schemaName(t testing.TB, dsn string) string {
	t.Helper()
	b := make([]byte, 8)
	secret.Fill(b)
	name := "t_" + hex.EncodeToString(b)
	t.Cleanup(func() {
		c, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close(context.Background())
		if _, err := c.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return name
}

func open(t testing.TB, dsn string, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t testing.TB) *Store {
	dsn := server(t)
	return open(t, dsn, Options{Schema: schemaName(t, dsn)})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put is an act of two rows: a setting, and an event that reports it.
func put(s *Store, key string) error {
	return s.Write(context.Background(), func(tx sqlstore.Tx) error { return putIn(tx, key) })
}

func putIn(tx sqlstore.Tx, key string) error {
	ctx := context.Background()
	if _, err := tx.Exec(ctx, "INSERT INTO settings (key, value) VALUES ($1, '')", key); err != nil {
		return err
	}
	id := make([]byte, 16)
	secret.Fill(id)
	return tx.Queue(ctx, `INSERT INTO audit_events (id, at, sequence, name, severity, outcome, reason,
		actor_type, actor_id, subject, session, client, ip, user_agent, place, request_id, details)
		VALUES ($1, 1, NULL, 'test', 'info', 'success', '', 'system', '', $2, '', '', '', '', '', '', '{}')`, id, key)
}

// revoke writes an entry in the act tx.
func revoke(tx sqlstore.Tx, value byte) error {
	_, err := tx.Exec(context.Background(), "INSERT INTO revocations (kind, value, version, at, audiences) VALUES ('sid', $1, 0, 1, '')", append(make([]byte, 15), value))
	return err
}

func count(t testing.TB, s *Store, sql string) (n int64) {
	t.Helper()
	must(t, s.Read(context.Background(), func(q sqlstore.Querier) error {
		return q.QueryRow(context.Background(), sql).Scan(&n)
	}))
	return n
}
