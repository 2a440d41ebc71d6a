package services

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// patience bounds how long a server may take to start or to stop.
const patience = 60 * time.Second

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	URL string // where it listens, as its clients spell it

	cmd    *exec.Cmd
	dir    string
	signal os.Signal
	done   chan struct{} // closed when the process is gone
	stop   func() error
}

// launch starts cmd and waits until it prints a line that contains ready. The
// folder dir belongs to the server and is removed when it stops.
func launch(ctx context.Context, cmd *exec.Cmd, dir, ready string, signal os.Signal) (*Server, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = in, in
	dieWithParent(cmd)
	err = cmd.Start()
	in.Close()
	if err != nil {
		out.Close()
		return nil, err
	}
	s := &Server{cmd: cmd, dir: dir, signal: signal, done: make(chan struct{})}
	s.stop = sync.OnceValue(s.end)
	go func() { _ = cmd.Wait(); close(s.done) }()
	if err := await(ctx, out, ready); err != nil {
		_ = s.Stop()
		return nil, fmt.Errorf("%s did not start: %w", cmd.Path, err)
	}
	return s, nil
}

// await reads out until a line contains ready, and drains the rest in the background.
func await(ctx context.Context, out *os.File, ready string) error {
	result := make(chan error, 1)
	go func() {
		defer out.Close()
		var seen strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), ready) {
				result <- nil
				_, _ = io.Copy(io.Discard, out)
				return
			}
			seen.WriteString("\n\t" + lines.Text())
		}
		result <- fmt.Errorf("it ended, saying:%s", seen.String())
	}()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stop ends the server and removes its folder. Later calls return the first result.
func (s *Server) Stop() error { return s.stop() }

func (s *Server) end() error {
	_ = s.cmd.Process.Signal(s.signal)
	select {
	case <-s.done:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	return os.RemoveAll(s.dir)
}

// Alive tells whether the process still runs.
func (s *Server) Alive() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// freePort finds a loopback port nobody listens on at this moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// retry starts a server again when another process took its port meanwhile.
func retry(start func(port int) (*Server, error)) (*Server, error) {
	var errs error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := start(port)
		if err == nil {
			return s, nil
		}
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

// interrupt is what both servers take as "stop now, in order".
const interrupt = syscall.SIGINT
