package mortisetest

import (
	"net"
	"net/netip"
	"testing"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// Option changes what NewServer starts.
type Option func(t testing.TB, o *options)

type options struct {
	config mortise.Config
	open   func(testing.TB) mortise.Store

	firstRun bool
	listener net.Listener
}

// Configure lets f change the Config. SecretKey is made up when empty; Now is
// always Server.Clock, and SMTP is never used.
func Configure(f func(*mortise.Config)) Option {
	return func(_ testing.TB, o *options) { f(&o.config) }
}

// Postgres uses the PostgreSQL database at dsn, which is empty or holds a Mortise
// of an earlier test. Give each test a database or a schema of its own.
func Postgres(dsn string, opts postgres.Options) Option {
	return func(_ testing.TB, o *options) {
		o.open = func(t testing.TB) mortise.Store {
			t.Helper()
			st, err := postgres.Open(t.Context(), dsn, opts)
			if err != nil {
				t.Fatalf("mortisetest: open the database: %v", err)
			}
			return st
		}
	}
}

func temporary(t testing.TB) mortise.Store {
	t.Helper()
	st, err := sqlite.Memory(t.Context(), sqlite.Options{Readers: 2})
	if err != nil {
		t.Fatalf("mortisetest: open a database: %v", err)
	}
	return st
}

// FirstRun leaves the instance as a new one is: without administrator, waiting for
// its setup, closed for sign-up.
func FirstRun() Option { return func(_ testing.TB, o *options) { o.firstRun = true } }

// Listen serves at http://localhost:PORT/auth on a free port, for real browsers and
// other programs.
func Listen() Option {
	return func(t testing.TB, o *options) {
		t.Helper()
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			t.Fatalf("mortisetest: %v", err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String()) // a listener's address has a port
		o.config.URL = "http://localhost:" + port + "/auth"
		o.listener = l
	}
}

// visitor is the n-th address of the range kept for benchmarks (RFC 2544), so that
// limits tell browsers apart.
func visitor(n uint32) string {
	base := netip.MustParseAddr("198.18.0.0").As4()
	addr := netip.AddrFrom4([4]byte{base[0], base[1] + byte(n>>16&1), byte(n >> 8), byte(n)})
	return netip.AddrPortFrom(addr, 40000).String()
}
