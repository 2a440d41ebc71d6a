package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/store"
)

// TestMain makes the test binary a server when it is asked to be one: it opens
// the folder and acts from several goroutines until it is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MORTISE_TEST_CHILD"); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

func child(dir string) {
	s, err := Open(context.Background(), dir, Options{})
	if err != nil {
		fmt.Fprintln(os.Stdout, "failed", err)
		return
	}
	fmt.Fprintln(os.Stdout, "open")
	said := make(chan string)
	for caller := range 8 {
		go func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%d-%d-%d", os.Getpid(), caller, n)
				if err := put(s, key); err != nil {
					said <- "failed " + err.Error()
					return
				}
				said <- key
			}
		}()
	}
	for line := range said {
		fmt.Fprintln(os.Stdout, line)
	}
}

func start(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MORTISE_TEST_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		t.Fatalf("child: %q", lines.Text())
	}
	return cmd, lines
}

// TH-25: the folder has one process, and the refusal names it. It is free again
// when that process dies.
func TestSecondProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, _ := start(t, dir)
	_, err := Open(t.Context(), dir, Options{})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(problem.Of(err).Public, strconv.Itoa(cmd.Process.Pid)) {
		t.Errorf("%v: %s", err, problem.Of(err).Public)
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	open(t, dir, Options{})
}

// TH-25: so within one process.
func TestSecondStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, store.ErrLocked) {
		t.Error(err)
	}
	must(t, s.Close())
	open(t, dir, Options{})
}

// TH-23 TH-24: kill -9 at any moment: every acknowledged act is there, none
// half-happened, and the next start is an ordinary one.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for round := range 10 {
		cmd, lines := start(t, dir)
		for range 50 + 37*round {
			if !lines.Scan() {
				break
			}
			acknowledged = append(acknowledged, lines.Text())
		}
		must(t, cmd.Process.Kill())
		for lines.Scan() {
			acknowledged = append(acknowledged, lines.Text()) // said before it died
		}
		cmd.Wait()
	}
	s := open(t, dir, Options{})
	if s.Restored() {
		t.Error("a crash counts as a restore")
	}
	there := map[string]bool{}
	for _, key := range query(t, s, "SELECT key FROM settings") {
		there[key] = true
	}
	for _, key := range acknowledged {
		if !there[key] {
			t.Errorf("%s was acknowledged and is gone", key)
		}
	}
	whole(t, s)
}

// Files are their owner's alone.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, Options{})
	must(t, put(s, "x"))
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: %o, want %o", d.Name(), got, want)
		}
		return nil
	})
	must(t, err)
}
