package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// ErrNotInstalled is returned when the server's binaries are not on this machine.
var ErrNotInstalled = errors.New("not installed: run make test once, it installs what is missing")

// Durability says whether a PostgreSQL waits for the disk.
type Durability bool

const (
	Fast    Durability = false // fsync off: for tests that never cut the power
	Durable Durability = true  // fsync on: for tests about crashes
)

// Postgres starts an empty server. The URL names its superuser and the database
// "postgres"; there is no password, and it listens on 127.0.0.1 only.
func Postgres(ctx context.Context, d Durability) (*Server, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	dir, attr, err := unprivilegedDir(placeFor(d), "mortise-postgres-")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"),
		"-D", data, "-U", "mortise", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
	initdb.SysProcAttr, initdb.Dir = attr(), dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	s, err := retry(func(port int) (*Server, error) {
		cmd := exec.Command(filepath.Join(bin, "postgres"), postgresArgs(data, port, d)...)
		cmd.SysProcAttr, cmd.Dir = attr(), dir
		s, err := launch(ctx, cmd, "", "ready to accept connections", interrupt)
		if err == nil {
			s.dir, s.URL = dir, fmt.Sprintf("postgres://mortise@127.0.0.1:%d/postgres?sslmode=disable", port)
		}
		return s, err
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// placeFor is where the data goes: memory, if nobody waits for the disk and there is
// plenty of it, because a database is a thousand files to copy; else the usual place.
func placeFor(d Durability) string {
	const memory, plenty = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if d == Durable || syscall.Statfs(memory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < plenty {
		return ""
	}
	return memory
}

func postgresArgs(data string, port int, d Durability) []string {
	set := []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=",
		"max_connections=300",
		"shared_buffers=64MB",
		"logging_collector=off",
		"timezone=Pacific/Chatham", // a server clock that is nobody's, so no test leans on it
	}
	if d == Fast {
		set = append(set, "fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_wal_size=256MB")
	}
	args := []string{"-D", data}
	for _, s := range set {
		args = append(args, "-c", s)
	}
	return args
}

// postgresBin finds the folder of initdb and postgres, the newest first.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	p, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("postgresql is %w", ErrNotInstalled)
	}
	if p, err = filepath.EvalSymlinks(p); err != nil {
		return "", err
	}
	return filepath.Dir(p), nil
}

// version reads 15 from /usr/lib/postgresql/15/bin/initdb.
func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// unprivilegedDir makes a temporary folder owned by the user that servers run as.
// PostgreSQL refuses to run as root, so root hands it to postgres or nobody.
func unprivilegedDir(place, prefix string) (dir string, attr func() *syscall.SysProcAttr, err error) {
	if dir, err = os.MkdirTemp(place, prefix); err != nil {
		return "", nil, err
	}
	if os.Geteuid() != 0 {
		return dir, func() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }, nil
	}
	uid, gid, err := unprivilegedUser()
	if err == nil {
		err = os.Chown(dir, uid, gid)
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}, nil
}

func unprivilegedUser() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		return uid, gid, errors.Join(errU, errG)
	}
	return 0, 0, errors.New("there is neither a user postgres nor nobody to run PostgreSQL as")
}
