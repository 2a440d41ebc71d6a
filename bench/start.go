package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// command builds mortise as it is released, and returns "" where there is none.
func (b *bench) command() (string, error) {
	if _, err := os.Stat("cmd/mortise/main.go"); err != nil {
		return "", nil //nolint:nilerr // no command, no row
	}
	path := filepath.Join(b.tmp, "mortise")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/mortise")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

// boot starts the released program, or the host program while there is none.
func (b *bench) boot(dir string) (*process, error) {
	path, err := b.command()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return b.server("host", dir, master)
	}
	addr, err := freeAddr()
	admin, err1 := freeAddr()
	if err := firstOf(err, err1); err != nil {
		return nil, err
	}
	env := []string{
		"MORTISE_URL=http://" + addr, "MORTISE_LISTEN=" + addr, "MORTISE_ADMIN_LISTEN=" + admin,
		"MORTISE_DATA=" + dir, "MORTISE_SECRET_KEY=" + master,
	}
	return start(b.ctx, addr, "/healthz", env, path, "serve")
}

// coldStart measures the time from exec to the first 200.
func coldStart(b *bench) error {
	if _, err := b.command(); err != nil { // built before the clock runs
		return err
	}
	n := b.rounds(15, 7)
	var bare, existing, fresh, cpu, freshCPU []time.Duration
	dir := filepath.Join(b.tmp, "existing")
	if _, err := b.seed(dir, 100); err != nil {
		return err
	}
	for i := range n {
		f, err := b.server("bare")
		if err != nil {
			return err
		}
		f.stop()
		e, err := b.boot(dir)
		if err != nil {
			return err
		}
		e.stop()
		c, err := b.boot(filepath.Join(b.tmp, fmt.Sprintf("fresh-%d", i)))
		if err != nil {
			return err
		}
		c.stop()
		bare, existing, fresh = append(bare, f.took), append(existing, e.took), append(fresh, c.took)
		cpu, freshCPU = append(cpu, e.cpu), append(freshCPU, c.cpu)
	}
	f, e, c := median(bare), median(existing), median(fresh)
	b.add(
		row{"cold start to the first 200, existing SQLite file", millis(e), millis(f) + " bare server", fmt.Sprintf("CPU %s", millis(median(cpu))), "≤ 50 ms", judge(e <= 50*time.Millisecond)},
		row{"cold start to the first 200, creating it", millis(c), millis(f) + " bare server", fmt.Sprintf("CPU %s", millis(median(freshCPU))), "≤ 150 ms", judge(c <= 150*time.Millisecond)},
	)
	if path, _ := b.command(); path == "" {
		b.note("Cold start: of the host program in the bench module, until there is a command.")
	}
	return nil
}

// binarySize measures the released file.
func binarySize(b *bench) error {
	path, err := b.command()
	if err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	ours, err := os.Stat(path)
	bare, err1 := b.bareSize()
	if err := firstOf(err, err1); err != nil {
		return err
	}
	b.add(row{
		"binary, stripped", fmt.Sprintf("%.1f MB", float64(ours.Size())/1e6), fmt.Sprintf("%.1f MB bare net/http", float64(bare)/1e6),
		"–", "≤ 40 MB", judge(ours.Size() <= 40e6),
	})
	return nil
}

// bareSize is the size of a program that serves and does nothing.
func (b *bench) bareSize() (int64, error) {
	path := filepath.Join(b.tmp, "bare")
	build := exec.CommandContext(b.ctx, "go", "build", "-C", "bench", "-trimpath", "-ldflags", "-s -w", "-o", path, "./floor/bare")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, errors.Join(err, errors.New(string(out)))
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
