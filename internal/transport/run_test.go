package transport_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/transport"
)

var quiet = slog.New(slog.DiscardHandler)

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := transport.ListenPlain(t.Context(), address, false)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A request in flight is answered after the end was asked for; a new one is not accepted.
func TestDrainLosesNothing(t *testing.T) {
	inside, goOn := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(inside)
		<-goOn
		if r.Context().Err() == nil {
			fmt.Fprint(w, "whole")
		}
	})
	l := listen(t, "127.0.0.1:0")
	s := transport.NewServer(h, nil, quiet)
	draining := make(chan struct{})
	s.RegisterOnShutdown(func() { close(draining) })
	ctx, cancel := context.WithCancel(context.Background())
	ended, answer := make(chan error, 1), make(chan string, 1)
	go func() { ended <- transport.Run(ctx, transport.Endpoint{Listener: l, Server: s}) }()
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		answer <- fmt.Sprintf("%s %v", b, err)
	}()
	<-inside
	cancel()
	<-draining
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("still accepting while draining")
	}
	close(goOn)
	if got := <-answer; got != "whole <nil>" {
		t.Errorf("the request in flight got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestOneBrokenEndpointEndsAll(t *testing.T) {
	good, bad := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	_ = bad.Close()
	serve := func(l net.Listener) transport.Endpoint {
		return transport.Endpoint{Listener: l, Server: transport.NewServer(http.NotFoundHandler(), nil, quiet)}
	}
	if err := transport.Run(context.Background(), serve(good), serve(bad)); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("got %v", err)
	}
	if _, err := net.Dial("tcp", good.Addr().String()); err == nil {
		t.Error("the good one is still served")
	}
}

func TestRunAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l := listen(t, "127.0.0.1:0")
	if err := transport.Run(ctx, transport.Endpoint{Listener: l, Server: transport.NewServer(http.NotFoundHandler(), nil, quiet)}); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

// SE-47 SE-17: every limit is set, and oversize headers are refused.
func TestServerLimits(t *testing.T) {
	s := transport.NewServer(http.NotFoundHandler(), nil, quiet)
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Fatalf("a limit is missing: %+v", s)
	}
	l := listen(t, "127.0.0.1:0")
	run(t, transport.Endpoint{Listener: l, Server: s})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", strings.Repeat("a=b;", 12<<10))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Fatalf("%v, %v", resp, err)
	}
}

// SE-16: plain http stays on this machine unless told otherwise.
func TestPlainHTTPOffLoopbackIsRefused(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", "[::]:0", ":0"} {
		if l, err := transport.ListenPlain(t.Context(), address, false); !errors.Is(err, transport.ErrPlainHTTP) {
			t.Errorf("%s: %v, %v", address, l, err)
		}
		l, err := transport.ListenPlain(t.Context(), address, true)
		if err != nil {
			t.Errorf("%s when told: %v", address, err)
			continue
		}
		_ = l.Close()
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	l := listen(t, "unix:"+path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	run(t, transport.Endpoint{Listener: l, Server: transport.NewServer(http.NotFoundHandler(), nil, quiet)})
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	resp, err := c.Get("http://mortise/")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if _, err := transport.Listen(t.Context(), "unix:"+path); !errors.Is(err, transport.ErrSocketInUse) {
		t.Errorf("second listener: %v", err)
	}
}

func TestUnixSocketLeftBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	_ = dead.Close()
	l := listen(t, "unix:"+path)
	_ = l.Close()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := transport.Listen(t.Context(), "unix:"+path); err == nil {
		t.Error("a file that is no socket was replaced")
	}
}

// SE-50: only to our own host, with method and body kept.
func TestRedirectHTTPS(t *testing.T) {
	h := transport.RedirectHTTPS(&url.URL{Scheme: "https", Host: "id.example.org:8443"})
	for _, c := range []struct {
		method, target, host string
		status               int
		location             string
	}{
		{"GET", "/login?a=b%20c", "id.example.org", 301, "https://id.example.org:8443/login?a=b%20c"},
		{"HEAD", "/", "ID.example.org:80", 301, "https://id.example.org:8443/"},
		{"POST", "/login", "id.example.org", 308, "https://id.example.org:8443/login"},
		{"GET", "//evil.test/%0d%0aX:1", "id.example.org", 301, "https://id.example.org:8443//evil.test/%0d%0aX:1"},
		{"GET", "/", "evil.test", 421, ""},
		{"GET", "/", "", 421, ""},
		{"OPTIONS", "*", "id.example.org", 400, ""},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		if u, err := url.ParseRequestURI(c.target); err == nil {
			r.URL = u
		} else {
			r.URL = &url.URL{Path: c.target}
		}
		r.Host = c.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s %s at %s: %d %q", c.method, c.target, c.host, w.Code, w.Header().Get("Location"))
		}
	}
}

// SE-42 V3.4.1
func TestHSTS(t *testing.T) {
	for preload, want := range map[bool]string{
		false: "max-age=31536000; includeSubDomains",
		true:  "max-age=31536000; includeSubDomains; preload",
	} {
		w := httptest.NewRecorder()
		transport.HSTS(http.NotFoundHandler(), preload).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if got := w.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("%q", got)
		}
	}
}
