package acmetest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/letsencrypt/challtestsrv"
	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"

	"github.com/mortise-auth/mortise/internal/transport"
)

const host = "id.example.test"

// memory is a Cache that counts what is put into it.
type memory struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (m *memory) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if data, ok := m.kept[name]; ok {
		return data, nil
	}
	return nil, transport.ErrNotCached
}

func (m *memory) Put(_ context.Context, name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[name] = data
	return nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept, name)
	return nil
}

// V12.2.1: a certificate by either challenge, from the real protocol.
func TestACME(t *testing.T) {
	for name, useHTTP := range map[string]bool{"tls-alpn-01": false, "http-01": true} {
		t.Run(name, func(t *testing.T) {
			plain, secure := listen(t), listen(t)
			tlsPort := port(secure)
			if useHTTP {
				tlsPort = 1 // nobody answers there: only http-01 can succeed
			}
			authority := pebble(t, port(plain), tlsPort)
			cache := &memory{kept: make(map[string][]byte)}
			serve(t, plain, secure, cache, authority, useHTTP)
			first := handshake(t, secure)
			if err := first.VerifyHostname(host); err != nil {
				t.Fatal(err)
			}
			// Another replica with the same cache serves the same certificate and asks nobody.
			authority.Close()
			other := listen(t)
			serve(t, listen(t), other, cache, authority, useHTTP)
			if again := handshake(t, other); again.SerialNumber.Cmp(first.SerialNumber) != 0 {
				t.Error("the second replica got another certificate")
			}
		})
	}
}

// Nothing is asked for in the name of hosts that are not ours.
func TestForeignHost(t *testing.T) {
	plain, secure := listen(t), listen(t)
	authority := pebble(t, port(plain), port(secure))
	cache := &memory{kept: make(map[string][]byte)}
	serve(t, plain, secure, cache, authority, true)
	c, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{ServerName: "evil.test", InsecureSkipVerify: true})
	if err == nil {
		_ = c.Close()
		t.Fatal("a foreign host was served")
	}
	if len(cache.kept) != 0 {
		t.Error("the authority was asked")
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := transport.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// serve runs an instance: challenges and redirect on plain, pages on secure.
func serve(t *testing.T, plain, secure net.Listener, cache transport.Cache, authority *httptest.Server, useHTTP bool) {
	t.Helper()
	a, err := transport.NewACME(transport.ACMEOptions{
		Hosts: []string{host}, Directory: authority.URL + wfe.DirectoryPath, AcceptTerms: true,
		Cache: cache, Client: authority.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	toHTTPS := transport.RedirectHTTPS(&url.URL{Scheme: "https", Host: host})
	if useHTTP {
		toHTTPS = a.Challenges(toHTTPS)
	}
	quiet := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- transport.Run(ctx,
			transport.Endpoint{Listener: plain, Server: transport.NewServer(toHTTPS, nil, quiet)},
			transport.Endpoint{Listener: secure, Server: transport.NewServer(http.NotFoundHandler(), a.TLSConfig(), quiet)})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// handshake returns the certificate that the instance shows.
func handshake(t *testing.T, l net.Listener) *x509.Certificate {
	t.Helper()
	// The chain ends at a root that Pebble made up a moment ago.
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{ServerName: host, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

// pebble starts the authority and a name server that points everything at us.
func pebble(t *testing.T, httpPort, tlsPort int) *httptest.Server {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default"}})
	validator := va.New(quiet, httpPort, tlsPort, false, nameServer(t), store)
	front := wfe.New(quiet, store, validator, authority, []string{"pebble.test"}, false, false, 1, 1)
	s := httptest.NewTLSServer(front.Handler())
	t.Cleanup(s.Close)
	return s
}

func nameServer(t *testing.T) string {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0") // to learn a free port
	if err != nil {
		t.Fatal(err)
	}
	address := l.LocalAddr().String()
	_ = l.Close()
	s, err := challtestsrv.New(challtestsrv.Config{DNSAddrs: []string{address}, Log: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	s.SetDefaultDNSIPv4("127.0.0.1")
	s.SetDefaultDNSIPv6("")
	go s.Run()
	t.Cleanup(s.Shutdown)
	waitForUDP(t, address)
	return address
}

// waitForUDP asks until the name server answers.
func waitForUDP(t *testing.T, address string) {
	t.Helper()
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", address)
	}}
	var err error
	for range 50 {
		if _, err = r.LookupHost(context.Background(), host); err == nil {
			return
		}
	}
	t.Fatal(fmt.Errorf("name server: %w", err))
}
