package testenv

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv/services"
)

// running tells whether Main is there to clean up at the end.
var running atomic.Bool

// cleanups run when the process ends, the last first.
var cleanups struct {
	sync.Mutex
	list []func() error
}

// Main runs the tests of a package, stops what testenv started and exits. Call it
// from TestMain in every package that uses Postgres or Redis.
func Main(m *testing.M) {
	running.Store(true)
	code := m.Run()
	if err := cleanUp(); err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// AtEnd runs f when the process ends, before what was registered earlier.
func AtEnd(f func() error) {
	cleanups.Lock()
	defer cleanups.Unlock()
	cleanups.list = append(cleanups.list, f)
}

func cleanUp() (first error) {
	cleanups.Lock()
	defer cleanups.Unlock()
	for i := len(cleanups.list) - 1; i >= 0; i-- {
		if err := cleanups.list[i](); err != nil && first == nil {
			first = err
		}
	}
	cleanups.list = nil
	return first
}

// server finds the address in variable, or starts a server for this process.
func server(variable string, start func(context.Context) (*services.Server, error)) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		if url := os.Getenv(variable); url != "" {
			return url, nil
		}
		if !running.Load() {
			return "", fmt.Errorf("run make test, set %s, or add func TestMain(m *testing.M) { testenv.Main(m) } so that a private server can be started and stopped", variable)
		}
		s, err := start(context.Background())
		if err != nil {
			return "", fmt.Errorf("run make test or set %s: %w", variable, err)
		}
		AtEnd(s.Stop)
		return s.URL, nil
	})
}

var redisServer = server("MORTISE_TEST_REDIS_URL", services.Redis)

// Redis returns the URL of a Redis server that answers. It is shared by all tests:
// use keys with a prefix of your own.
func Redis(t testing.TB) string {
	t.Helper()
	url, err := redisServer()
	if err == nil {
		err = services.PingRedis(t.Context(), url)
	}
	if err != nil {
		t.Fatalf("testenv: no Redis: %v", err)
	}
	return url
}

// ident turns the name of a test into a part of a database name.
func ident(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return name[:min(len(name), 24)]
}
