//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mortise-auth/mortise/internal/store"
)

// lockFolder takes the folder for the life of the returned file, or fails with
// store.ErrLocked naming the process that has it (TH-25). The kernel lets go of
// it when a process dies, however it dies.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		if err = writePID(f); err == nil {
			return f, nil
		}
	} else if errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := io.ReadAll(io.LimitReader(f, 20))
		who := strings.TrimSpace(string(pid))
		if who == "" {
			who = "unknown" // it took the lock this instant
		}
		err = store.ErrLocked.
			WithPublic("Process %s is using this data folder. Stop it first, or talk to it.", who).
			Because(fmt.Errorf("%s is held by process %s", f.Name(), who))
	}
	f.Close()
	return nil, err
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// inode tells one file from its copies.
func inode(f *os.File) (uint64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("sqlite: no inode of %s", f.Name())
	}
	return st.Ino, nil
}
