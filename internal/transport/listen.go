package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Listen opens host:port (port 0 picks a free one) or unix:PATH. The socket of
// a unix listener can be used by its owner only, from its first moment on.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(ctx, path)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("transport: listen on %s: %w", address, err)
	}
	return l, nil
}

// ListenPlain is Listen for a server without TLS. It refuses with ErrPlainHTTP
// what others can reach, unless insecure says that something in between, or
// nobody, protects it (SE-16).
func ListenPlain(ctx context.Context, address string, insecure bool) (net.Listener, error) {
	l, err := Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	if !insecure && !Private(l.Addr()) {
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrPlainHTTP, address), l.Close())
	}
	return l, nil
}

// Private reports whether only this machine can reach addr.
func Private(addr net.Addr) bool {
	switch a := addr.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}

// listenUnix binds in a private folder and moves the socket to its place when
// its mode is right: there is no moment at which somebody else may connect.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, fmt.Errorf("transport: listen on %s: %w", path, err)
	}
	defer os.RemoveAll(private)
	made := filepath.Join(private, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("transport: listen on %s: %w", path, err)
	}
	l.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("transport: listen on %s: %w", path, err), l.Close())
	}
	return &unixListener{UnixListener: l, path: path}, nil
}

// removeStale removes the socket that a process left which is no more. It leaves
// files that are no sockets alone.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	if info.Mode()&os.ModeSocket == 0 {
		return fmt.Errorf("transport: %s exists and is not a socket", path)
	}
	dialer := net.Dialer{Timeout: time.Second}
	if c, err := dialer.DialContext(ctx, "unix", path); err == nil {
		return errors.Join(fmt.Errorf("%w: %s", ErrSocketInUse, path), c.Close())
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	return nil
}

// unixListener removes its socket once.
type unixListener struct {
	*net.UnixListener
	path string
	once sync.Once
}

func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

func (l *unixListener) Close() error {
	err := l.UnixListener.Close()
	l.once.Do(func() { _ = os.Remove(l.path) })
	return err
}
