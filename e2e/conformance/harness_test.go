package conformance

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// op is the server under test: the assembled one, at https://id.example.com:PORT.
type op struct {
	issuer string
	roots  *x509.CertPool
	clock  *clock.Fake
	app    *app.App
	listen string
	people atomic.Int32
}

// newOP starts a server in which programs may register themselves, with and without
// PKCE: most modules are older than it.
func newOP(t *testing.T) *op {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(ts.Listener.Addr().String())
	must(t, err)
	o := &op{issuer: "https://id.example.com:" + port, clock: clock.NewFake(time.Now().Truncate(time.Second)), listen: ts.Listener.Addr().String()}
	o.roots = certificates(t)
	cfg := mortise.Config{
		URL: o.issuer, SecretKey: keyring.NewMaster().Reveal(), Logger: slog.New(slog.DiscardHandler),
		EgressAllow: []string{"127.0.0.0/8"}, TrustedProxies: []string{"127.0.0.1"},
		Registration: mortise.Registration{Mode: "open", WithoutPKCE: true, AssertionAudiences: []string{o.issuer + "/oauth2/token"}},
	}
	st, err := sqlite.Memory(t.Context(), sqlite.Options{Readers: 2})
	must(t, err)
	srv, inner, err := mortise.Wire(t.Context(), cfg, st, func(c *app.Config) {
		c.Now, c.Monotonic, c.EgressRoots, c.Passwords.Parameters = o.clock.Now, o.clock.Monotonic, o.roots, password.TestParameters()
	})
	must(t, err)
	o.app = inner
	ts.Config.Handler = srv.Handler()
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	ts.StartTLS()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	t.Cleanup(func() {
		ts.Close()
		stop()
		must(t, <-done)
		must(t, st.Close())
	})
	return o
}

// certificates are what stands behind every https address of these tests.
func certificates(t *testing.T) *x509.CertPool {
	t.Helper()
	ts := httptest.NewTLSServer(http.NotFoundHandler())
	defer ts.Close()
	pool := x509.NewCertPool()
	pool.AddCert(ts.Certificate())
	return pool
}

// wait lets time pass, and what is over end.
func (o *op) wait(t *testing.T, d time.Duration) {
	t.Helper()
	must(t, o.app.Auth.Flush(t.Context()))
	o.clock.Advance(d)
	must(t, o.app.Sweep(t.Context()))
}

// apply declares what an operator declares in a file (see docs/clients.md), as the
// command does it.
func (o *op) apply(t *testing.T, file map[string]any) {
	t.Helper()
	if got := o.operate(t, http.MethodPost, "/apply?allow_users=true", file); got["failed"] != 0.0 {
		t.Fatalf("apply: %v", got)
	}
}

// operate is a call of the API by whoever sits at the machine, as the command makes it.
func (o *op) operate(t *testing.T, method, path string, in map[string]any) (out map[string]any) {
	t.Helper()
	body, err := json.Marshal(in)
	must(t, err)
	r := httptest.NewRequestWithContext(t.Context(), method, "http://unix/api/v1"+path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	o.app.HostHandler().ServeHTTP(w, r)
	if must(t, json.Unmarshal(w.Body.Bytes(), &out)); w.Code/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return out
}

// person is somebody with an account.
type person struct{ email, name, password string }

func (o *op) person(t *testing.T) person {
	t.Helper()
	n := o.people.Add(1)
	p := person{fmt.Sprintf("person%d@example.test", n), fmt.Sprintf("Person %d", n), "seven oak pegs hold this frame"}
	o.apply(t, map[string]any{"users": []any{map[string]any{"email": p.email, "name": p.name, "password": p.password, "email_verified": true}}})
	return p
}

// dialer reaches the server by its name, from anywhere.
func (o *op) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.HasPrefix(address, "id.example.com:") {
		address = o.listen
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
