package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// smallDisk mounts a file system of one megabyte; without the right to, it
// bounds the database instead, which fills at the statement and not at COMMIT.
func smallDisk(t *testing.T) (dir string, bound bool) {
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		return dir, true
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir, false
}

// TH-23: a full disk fails acts cleanly: nothing half-done, what was
// acknowledged is there, reads go on, and so do writes once there is room.
func TestFullDisk(t *testing.T) {
	dir, bound := smallDisk(t)
	s := open(t, dir, Options{})
	if bound {
		must(t, s.writer.conn.script("PRAGMA max_page_count = 150"))
	}
	acknowledged := map[string]bool{}
	refused := 0
	t.Logf("bounded by page count: %v", bound)
	for n := range 400 {
		key := fmt.Sprint("act-", n)
		err := s.Write(t.Context(), func(tx sqlstore.Tx) error {
			if err := putIn(tx, key); err != nil {
				return err
			}
			_, err := tx.Exec(context.Background(), "UPDATE settings SET value = $1 WHERE key = $2", strings.Repeat("x", 4000), key)
			return err
		})
		switch {
		case err == nil:
			acknowledged[key] = true
		case errors.Is(err, store.ErrUnavailable):
			refused++
		default:
			t.Fatal(err)
		}
	}
	if refused == 0 || len(acknowledged) == 0 {
		t.Fatalf("%d acts refused, %d done", refused, len(acknowledged))
	}
	if err := s.writer.broken(); err != nil {
		t.Fatalf("the engine closed itself: %v", err)
	}
	got := query(t, s, "SELECT key FROM settings WHERE value <> ''")
	if len(got) != len(acknowledged) {
		t.Errorf("%d acts are there, %d were acknowledged", len(got), len(acknowledged))
	}
	for _, key := range got {
		if !acknowledged[key] {
			t.Errorf("%s is there and was refused", key)
		}
	}
	whole(t, s)
	if bound {
		must(t, s.writer.conn.script("PRAGMA max_page_count = 1000000"))
	} else {
		must(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m,mode=0700"))
	}
	must(t, put(s, "afterwards"))
	must(t, s.Close())
	s = open(t, dir, Options{})
	whole(t, s)
	must(t, s.Close())
}
