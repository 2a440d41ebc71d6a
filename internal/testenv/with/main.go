// Command with runs another command beside private PostgreSQL and Redis servers.
//
//	with make-something --flag
//
// The command finds them in MORTISE_TEST_POSTGRES_URL and MORTISE_TEST_REDIS_URL.
// A variable that is already set is kept, and no server is started for it.
// MORTISE_TEST_FSYNC=on makes PostgreSQL wait for the disk. The exit code is the
// command's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/testenv/services"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, os.Args[1:])
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "with:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int, err error) {
	if len(args) == 0 {
		return 2, errors.New("which command?")
	}
	durability := services.Durability(os.Getenv("MORTISE_TEST_FSYNC") == "on")
	for _, s := range []service{
		{
			"PostgreSQL", "MORTISE_TEST_POSTGRES_URL", pingPostgres,
			func(ctx context.Context) (*services.Server, error) { return services.Postgres(ctx, durability) },
		},
		{"Redis", "MORTISE_TEST_REDIS_URL", services.PingRedis, services.Redis},
	} {
		stop, failed := s.provide(ctx)
		if failed != nil {
			return 1, fmt.Errorf("%s: %w", s.name, failed)
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	return execute(ctx, args)
}

// service is a server and the variable that tests look for it in.
type service struct {
	name, variable string
	ping           func(context.Context, string) error
	start          func(context.Context) (*services.Server, error)
}

// provide makes sure that the variable names a server that answers.
func (s service) provide(ctx context.Context) (stop func() error, err error) {
	stop = func() error { return nil }
	url, private := os.Getenv(s.variable), ""
	if url == "" {
		server, err := s.start(ctx)
		if err != nil {
			return nil, err
		}
		url, stop, private = server.URL, server.Stop, " (private)"
	}
	if err := errors.Join(s.ping(ctx, url), os.Setenv(s.variable, url)); err != nil {
		return nil, errors.Join(err, stop())
	}
	fmt.Printf("%s answers%s\n", s.name, private)
	return stop, nil
}

func pingPostgres(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx)
}

// execute runs the command. An interrupt is passed on, so that it can clean up.
func execute(ctx context.Context, args []string) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
