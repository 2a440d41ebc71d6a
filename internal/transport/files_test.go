package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/transport"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func now() time.Time { return today }

func serial(t *testing.T, f *transport.Files) int64 {
	t.Helper()
	c, err := f.Certificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.SerialNumber.Int64()
}

// V12.1.1: certificates from files are replaced while serving, never by broken ones.
func TestFilesAreReloadedAndNeverBroken(t *testing.T) {
	p := newPair(t, t.TempDir())
	p.write(t, 1, "id.test", today, today.AddDate(1, 0, 0))
	f, err := transport.NewFiles(p.cert, p.key, "id.test", now)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := f.Poll(); changed || err != nil {
		t.Fatalf("unchanged files: %v, %v", changed, err)
	}
	other := newPair(t, t.TempDir())
	other.write(t, 9, "id.test", today, today.AddDate(1, 0, 0))
	for name, spoil := range map[string]func(){
		"expired":       func() { p.write(t, 2, "id.test", today.AddDate(-1, 0, 0), today.AddDate(0, 0, -1)) },
		"not yet valid": func() { p.write(t, 3, "id.test", today.AddDate(0, 0, 1), today.AddDate(1, 0, 0)) },
		"other host":    func() { p.write(t, 4, "evil.test", today, today.AddDate(1, 0, 0)) },
		"half written":  func() { put(t, p.cert, []byte("-----BEGIN"), 5) },
		"other key": func() {
			data, _ := os.ReadFile(other.cert)
			put(t, p.cert, data, 6)
		},
		"gone": func() { _ = os.Remove(p.key) },
	} {
		spoil()
		if changed, err := f.Poll(); changed || !errors.Is(err, transport.ErrBadCertificate) {
			t.Errorf("%s: %v, %v", name, changed, err)
		}
		if got := serial(t, f); got != 1 {
			t.Errorf("%s: serving %d", name, got)
		}
	}
	p.write(t, 7, "id.test", today, today.AddDate(2, 0, 0))
	if changed, err := f.Poll(); !changed || err != nil || serial(t, f) != 7 || !f.Expires().Equal(today.AddDate(2, 0, 0)) {
		t.Fatalf("good files: %v, %v, serial %d", changed, err, serial(t, f))
	}
}

func TestFilesMustBeGoodAtFirst(t *testing.T) {
	p := newPair(t, t.TempDir())
	if _, err := transport.NewFiles(p.cert, p.key, "", now); !errors.Is(err, transport.ErrBadCertificate) {
		t.Fatal(err)
	}
}

func TestWatchReloadsOnSignal(t *testing.T) {
	p := newPair(t, t.TempDir())
	p.write(t, 1, "id.test", today, today.AddDate(1, 0, 0))
	f, err := transport.NewFiles(p.cert, p.key, "", now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	hup, reports, done := make(chan os.Signal), make(chan error, 10), make(chan struct{})
	go func() { f.Watch(ctx, time.Hour, hup, func(err error) { reports <- err }); close(done) }()
	p.write(t, 2, "id.test", today, today.AddDate(1, 0, 0))
	hup <- syscall.SIGHUP
	if err := <-reports; err != nil || serial(t, f) != 2 {
		t.Fatalf("%v, serial %d", err, serial(t, f))
	}
	_ = os.Remove(p.cert)
	hup <- syscall.SIGHUP
	if err := <-reports; !errors.Is(err, transport.ErrBadCertificate) || serial(t, f) != 2 {
		t.Fatalf("%v, serial %d", err, serial(t, f))
	}
	cancel()
	<-done
}

// V12.1.1 SE-47: an open connection survives a new certificate; new ones get it; old TLS gets nothing.
func TestServingOverTLS(t *testing.T) {
	p := newPair(t, t.TempDir())
	start := time.Now()
	p.write(t, 1, "id.test", start.Add(-time.Hour), start.AddDate(1, 0, 0))
	f, err := transport.NewFiles(p.cert, p.key, "id.test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	address := serveTLS(t, f)
	get := func(c *http.Client) (int64, int) {
		t.Helper()
		resp, err := c.Get("https://" + address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), resp.ProtoMajor
	}
	trust := func() {
		c, _ := f.Certificate(nil)
		pool.AddCert(c.Leaf)
	}
	trust()
	kept := client(pool)
	if n, proto := get(kept); n != 1 || proto != 2 {
		t.Fatalf("serial %d over HTTP/%d", n, proto)
	}
	p.write(t, 2, "id.test", start.Add(-time.Hour), start.AddDate(1, 0, 0))
	if _, err := f.Poll(); err != nil {
		t.Fatal(err)
	}
	trust()
	if n, _ := get(kept); n != 1 {
		t.Errorf("the open connection was dropped: serial %d", n)
	}
	if n, _ := get(client(pool)); n != 2 {
		t.Errorf("a new connection got serial %d", n)
	}
	old := &tls.Config{RootCAs: pool, ServerName: "id.test", MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if c, err := tls.Dial("tcp", address, old); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is accepted")
	}
}

func client(pool *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool, ServerName: "id.test"},
		ForceAttemptHTTP2: true,
	}}
}

func serveTLS(t *testing.T, f *transport.Files) string {
	t.Helper()
	l, err := transport.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := transport.NewServer(http.NotFoundHandler(), transport.TLSConfig(f.Certificate), slog.New(slog.DiscardHandler))
	run(t, transport.Endpoint{Listener: l, Server: s})
	return l.Addr().String()
}

// run serves until the test ends.
func run(t *testing.T, e ...transport.Endpoint) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- transport.Run(ctx, e...) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
