package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// serve is the program's other life: a server to be measured, started by the
// measuring one. The kinds are the floors, and a host program that mounts
// Mortise and protects one handler of its own.
func serve(kind, addr string, args []string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", floor.Bare)
	switch kind {
	case "bare":
		mux.HandleFunc("GET /private", floor.Bare)
	case "gate":
		s := &floor.Sessions{Cookie: "mortise-gate"}
		s.Add(args[0])
		mux.Handle("GET /forward-auth", s)
	case "session":
		s := &floor.Sessions{Cookie: "mortise"}
		for _, value := range args {
			s.Add(value)
		}
		mux.Handle("GET /private", s)
	case "password":
		mux.Handle("POST /api/v1/signin", floor.NewPasswords(passphrase))
	case "host":
		return host(ctx, addr, args[0], args[1])
	default:
		return fmt.Errorf("bench: no server %q", kind)
	}
	return listen(ctx, addr, mux)
}

// host is the fifteen-line program of the README.
func host(ctx context.Context, addr, dir, key string) error {
	frugal()
	st, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	srv, err := mortise.New(ctx, mortise.Config{
		URL: "http://" + addr, SecretKey: key, TrustedProxies: []string{"127.0.0.1"}, Logger: quiet(),
	}, st)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", srv.Handler())
	mux.Handle("GET /private", srv.Require()(http.HandlerFunc(floor.Bare)))
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	err = listen(ctx, addr, mux)
	return errors.Join(err, <-ended, st.Close())
}

// frugal sets the collector as the command does.
func frugal() {
	const working, sessionCache, hash = 20 << 20, 48 << 20, 19 << 20
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(working + sessionCache + int64(max(1, runtime.GOMAXPROCS(0)-1))*hash)
}

func listen(ctx context.Context, addr string, h http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close() // generators do not wait for graceful ends
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
