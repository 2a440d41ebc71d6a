package clients

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buffer collects what several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// run starts a program that lives as long as the test, and shows what it said on
// standard error when the test failed. Its standard output must be read.
func run(t *testing.T, cmd *exec.Cmd, log *buffer) (stdout *bufio.Scanner) {
	t.Helper()
	dieWithParent(cmd)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, log
	must(t, cmd.Start())
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); in.Close(); close(gone) }()
	t.Cleanup(func() {
		go func() { _, _ = io.Copy(io.Discard, out) }()
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		select {
		case <-gone:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
		}
		out.Close() // nobody reads it any more
		<-gone
		if said := log.String(); t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, said[max(0, len(said)-12000):])
		}
	})
	return bufio.NewScanner(out)
}
