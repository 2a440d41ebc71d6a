package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/schema"
)

// A newer schema is refused with a sentence, and nothing is changed.
func TestNewerSchema(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	must(t, s.writer.conn.script("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"))
	must(t, s.Close())
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
}

// Goose goes on where a database that Fresh made stands.
func TestUpgrade(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	must(t, s.Close())

	files := fstest.MapFS{
		"00001_front_door.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")},
		"09999_more.sql":       {Data: []byte("-- +goose Up\nCREATE TABLE more (x INTEGER);\n")},
	}
	must(t, upgrade(context.Background(), dir, files))
	conn, err := dial(readDSN(dir))
	must(t, err)
	defer conn.close()
	var n int64
	must(t, one(conn, "SELECT count(*) FROM more", &n))
	if v, err := version(conn); v != 9999 || err != nil {
		t.Errorf("version %d, %v", v, err)
	}
}

// The status shows the SQL of what is pending, and changes nothing.
func TestStatus(t *testing.T) {
	dir := t.TempDir()
	have, want, pending, err := Status(t.Context(), dir)
	if err != nil || have != 0 || want == 0 || !strings.Contains(pending, "CREATE TABLE sessions") {
		t.Errorf("empty: %d of %d, %v", have, want, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Error("status made files")
	}
	s := open(t, dir, Options{})
	have, want, pending, err = Status(t.Context(), dir) // while it is being served
	if err != nil || have != want || pending != "" {
		t.Errorf("current: %d of %d, %q, %v", have, want, pending, err)
	}
	must(t, s.Close())
}

// An older schema is refused when migrating was not asked for; a fresh one is
// made either way.
func TestManual(t *testing.T) {
	if err := schema.Check(1, 2); !errors.Is(err, store.ErrOlderSchema) {
		t.Error(err)
	}
	dir := filepath.Join(t.TempDir(), "a folder with spaces ? and %")
	s := open(t, dir, Options{Manual: true})
	if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
		t.Error(err)
	}
	must(t, s.Health(t.Context()))
}
