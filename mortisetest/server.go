package mortisetest

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// DefaultURL is where a Server is unless Configure or Listen say otherwise.
const DefaultURL = "https://app.example.com/auth"

// Server is one running instance. It ends with the test. It is safe for
// concurrent use once Mount was called.
type Server struct {
	Auth  *mortise.Server // what the program under test is given
	Clock *Clock

	app      *app.App
	store    mortise.Store
	instance [16]byte
	base     *url.URL
	mailbox  *mail.Mailbox
	mux      *http.ServeMux
	host     atomic.Pointer[http.Handler]
	visitors atomic.Uint32
	people   atomic.Uint32
	apps     atomic.Uint32
	secure   func() *httptest.Server
	upstream upstream
	zone     zone
	listens  bool
}

// NewServer starts an instance for t. Without options: SQLite in a temporary
// folder, at DefaultURL, sign-up open, setup done.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	o := &options{
		config: mortise.Config{URL: DefaultURL, Logger: slog.New(slog.DiscardHandler)},
		open:   temporary,
	}
	fake := clock.NewFake(time.Now().Truncate(time.Second))
	s := &Server{Clock: &Clock{fake: fake}, mailbox: mail.NewMailbox(), mux: http.NewServeMux()}
	for _, opt := range opts {
		opt(t, o)
	}
	s.store = o.open(t)
	s.wire(t, o.config)
	if !o.firstRun {
		s.finishSetup(t)
	}
	s.start(t)
	if o.listener != nil {
		s.listens = true
		s.listen(t, o.listener)
	}
	return s
}

// wire is where tests get what servers never do.
func (s *Server) wire(t testing.TB, cfg mortise.Config) {
	t.Helper()
	var err error
	s.Auth, s.app, err = mortise.Wire(t.Context(), cfg, s.store, func(c *app.Config) {
		c.Now, c.Monotonic, c.Sender, c.Outbound = s.Clock.Now, s.Clock.fake.Monotonic, s.mailbox, s.upstream.before
		c.Resolver = &s.zone
		c.Passwords.Parameters = password.TestParameters()
		if c.SecretKey == "" {
			c.SecretKey = masterKey()
		}
		if c.LimitKeys == 0 {
			c.LimitKeys = 256
		}
	})
	if err != nil {
		t.Fatalf("mortisetest: %v", err)
	}
	facts, err := s.store.Instance().Facts(t.Context())
	if err != nil {
		t.Fatalf("mortisetest: %v", err)
	}
	s.Clock.before, s.Clock.after = s.app.Auth.Flush, s.app.Sweep
	s.instance, s.base = facts.ID, s.app.URL()
	s.routes()
}

// masterKey is made up once for each process.
var masterKey = sync.OnceValue(func() string { return keyring.NewMaster().Reveal() })

func (s *Server) finishSetup(t testing.TB) {
	t.Helper()
	now := s.now()
	ev := user.Host().Event(instance.SetupCompleted, now, user.ID{})
	if err := s.store.Instance().CompleteSetup(t.Context(), secret.Digest{}, now, ev); err != nil && !errors.Is(err, instance.ErrSetupDone) {
		t.Fatalf("mortisetest: finish the setup: %v", err)
	}
}

func (s *Server) now() time.Time { return s.Clock.Now().UTC().Truncate(time.Microsecond) }

func (s *Server) routes() {
	base := strings.TrimRight(s.base.Path, "/")
	s.mux.Handle(base+"/", s.Auth.Handler())
	if base == "" {
		return // nothing is left for a host
	}
	s.mux.Handle("/.well-known/", s.Auth.WellKnown())
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if h := s.host.Load(); h != nil {
			(*h).ServeHTTP(w, r)
			return
		}
		http.Error(w, "mortisetest: nothing is mounted here; call Server.Mount", http.StatusNotFound)
	})
}

// start runs the work behind the requests until the test ends.
func (s *Server) start(t testing.TB) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Auth.Run(ctx) }()
	s.secure = sync.OnceValue(func() *httptest.Server { return httptest.NewTLSServer(s) })
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("mortisetest: Run: %v", err)
		}
		if err := s.store.Close(); err != nil {
			t.Errorf("mortisetest: close the store: %v", err)
		}
	})
}

func (s *Server) listen(t testing.TB, l net.Listener) {
	hs := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- hs.Serve(l) }()
	t.Cleanup(func() {
		_ = hs.Close() // Serve's error says the same
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("mortisetest: %v", err)
		}
	})
}

// Mount serves h at every path that is not Mortise's own, as a host program would.
func (s *Server) Mount(h http.Handler) { s.host.Store(&h) }

// ServeHTTP hands a request to Mortise or to what was mounted.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// URL is the public address of path, which begins with a slash and is counted
// from the root of the host.
func (s *Server) URL(path string) string { return s.base.Scheme + "://" + s.base.Host + path }

// Path is one of Mortise's own paths as the host sees it: "/login" becomes
// "/auth/login".
func (s *Server) Path(path string) string { return strings.TrimRight(s.base.Path, "/") + path }

// Client returns a client that reaches the server under its public address, over
// TLS on a loopback port that is opened when first asked for. It follows no
// redirects and keeps no cookies. For addresses below example.com only, which is
// what DefaultURL is.
func (s *Server) Client(t testing.TB) *http.Client {
	t.Helper()
	ts := s.secure()
	t.Cleanup(ts.Close)
	c := *ts.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// Browser returns a new browser with an address of its own and no cookies.
func (s *Server) Browser(t testing.TB) *Browser {
	n := s.visitors.Add(1)
	b := newBrowser(t, s.base.Scheme+"://"+s.base.Host, s.Clock.Now)
	b.away = s.upstream.handler
	b.send = func(r *http.Request) *http.Response {
		r.RemoteAddr = visitor(n)
		return serve(s, r)
	}
	return b
}

// serve hands r to h as a server would that read it from a connection.
func serve(h http.Handler, r *http.Request) *http.Response {
	r = r.Clone(r.Context())
	if r.URL.Scheme == "https" && r.TLS == nil {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	r.RequestURI, r.URL.Scheme, r.URL.Host = r.URL.RequestURI(), "", ""
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}
