package egress_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/problem"
)

type rig struct {
	*egress.Client
	clock   *clock.Fake
	blocked []egress.Blocked
}

func newRig(t *testing.T, roots *x509.CertPool, allow ...string) *rig {
	t.Helper()
	r := &rig{clock: clock.NewFake(time.Unix(1_800_000_000, 0))}
	c, err := egress.New(egress.Options{
		Allow: allow, Roots: roots, Now: r.clock.Now,
		Blocked: func(_ context.Context, b egress.Blocked) { r.blocked = append(r.blocked, b) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Client = c
	return r
}

func server(t *testing.T, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s, strings.TrimPrefix(s.URL, "http://")
}

func hello(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello ", r.URL.Path) }

// V13.2.5 V15.3.2: a private address is reached only when the operator named it.
func TestPrivateAddressesNeedTheOperator(t *testing.T) {
	s, host := server(t, hello)
	_, port, _ := strings.Cut(host, ":")
	for name, c := range map[string]struct {
		allow []string
		url   string
		ok    bool
	}{
		"nobody":              {nil, s.URL, false},
		"host and port":       {[]string{host}, s.URL, true},
		"another port":        {[]string{"127.0.0.1:1"}, s.URL, false},
		"network":             {[]string{"127.0.0.0/8"}, s.URL, true},
		"another network":     {[]string{"10.0.0.0/8"}, s.URL, false},
		"address":             {[]string{"127.0.0.1"}, s.URL, true},
		"URL prefix":          {[]string{s.URL + "/hooks"}, s.URL + "/hooks/1", true},
		"beside the prefix":   {[]string{s.URL + "/hooks"}, s.URL + "/hooksx", false},
		"out of the prefix":   {[]string{s.URL + "/hooks"}, s.URL + "/hooks/../admin", false},
		"encoded dots":        {[]string{s.URL + "/hooks"}, s.URL + "/hooks/%2e%2e/admin", false},
		"name of loopback":    {nil, "http://localhost:" + port, false},
		"decimal":             {nil, "http://2130706433:" + port, false},
		"mapped":              {nil, "http://[::ffff:127.0.0.1]:" + port, false},
		"unspecified":         {nil, "http://0.0.0.0:" + port, false},
		"named, but loopback": {[]string{"localhost:" + port}, "http://localhost:" + port, true},
	} {
		r := newRig(t, nil, c.allow...)
		resp, err := r.Get(context.Background(), c.url, 1000, nil)
		if c.ok {
			if err != nil || resp.Status != 200 || len(r.blocked) != 0 {
				t.Errorf("%s: %+v, %v, %v", name, resp, err, r.blocked)
			}
			continue
		}
		if name == "decimal" && errors.Is(err, egress.ErrFailed) {
			continue // the resolver knows no such name
		}
		if !errors.Is(err, egress.ErrBlocked) || len(r.blocked) != 1 {
			t.Errorf("%s: %+v, %v, reported %v", name, resp, err, r.blocked)
		}
	}
}

// A connection made for an allowed URL does not serve another that is not.
func TestAllowedConnectionIsNotShared(t *testing.T) {
	s, _ := server(t, hello)
	r := newRig(t, nil, s.URL+"/hooks")
	if _, err := r.Get(context.Background(), s.URL+"/hooks", 100, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(context.Background(), s.URL+"/admin", 100, nil); !errors.Is(err, egress.ErrBlocked) {
		t.Fatalf("got %v", err)
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	r := newRig(t, nil)
	for _, u := range []string{"", "/x", "ftp://example.org/", "file:///etc/passwd", "https://", "https://user:geheim@example.org/", "https:example.org", "http://a b/", "javascript:alert(1)", "https://x/\x00", "http://1.1.1.1/"} {
		if _, err := r.Get(context.Background(), u, 1, nil); !errors.Is(err, egress.ErrBlocked) {
			t.Errorf("%q: %v", u, err)
		}
	}
	if text := fmt.Sprint(r.blocked); strings.Contains(text, "geheim") {
		t.Errorf("a secret is reported: %s", text)
	}
}

// Certificates are verified, for allowed targets too. (V12.3.2)
func TestCertificatesAreVerified(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(hello))
	t.Cleanup(s.Close)
	if _, err := newRig(t, nil, "127.0.0.0/8").Get(context.Background(), s.URL, 100, nil); !errors.Is(err, egress.ErrFailed) {
		t.Fatalf("an unknown authority: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	if resp, err := newRig(t, roots, "127.0.0.0/8").Get(context.Background(), s.URL, 100, nil); err != nil || string(resp.Body) != "hello /" {
		t.Fatalf("%+v, %v", resp, err)
	}
}

// V15.3.2: redirects are off, and never leave the host.
func TestRedirects(t *testing.T) {
	other, otherHost := server(t, func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") })
	s, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/away":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			hello(w, r)
		}
	})
	c := newRig(t, nil, host, otherHost)
	for _, x := range []struct {
		path      string
		redirects int
		status    int
	}{{"/here", 0, 302}, {"/here", 1, 200}, {"/away", 5, 302}, {"/loop", 3, 302}} {
		resp, err := c.Do(context.Background(), egress.Request{URL: s.URL + x.path, Redirects: x.redirects, MaxBytes: 1000})
		if err != nil || resp.Status != x.status {
			t.Errorf("%+v: %d, %v", x, resp.Status, err)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s, host := server(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 100)) })
	c := newRig(t, nil, host)
	if _, err := c.Get(context.Background(), s.URL, 99, nil); !errors.Is(err, egress.ErrTooLarge) {
		t.Errorf("99 of 100: %v", err)
	}
	if resp, err := c.Get(context.Background(), s.URL, 100, nil); err != nil || len(resp.Body) != 100 {
		t.Errorf("100 of 100: %v", err)
	}
}

func TestRequestIsWhatWasAsked(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:1") // must not be looked at
	s, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.UserAgent(), " ", r.Header.Get("X-Sig"), " ", r.ContentLength)
	})
	c := newRig(t, nil, host)
	h := http.Header{"X-Sig": {"v1"}}
	resp, err := c.Do(context.Background(), egress.Request{Method: "POST", URL: s.URL, Body: []byte("abc"), Header: h, MaxBytes: 100})
	if err != nil || string(resp.Body) != "POST mortise v1 3" {
		t.Fatalf("%s, %v", resp.Body, err)
	}
	if len(h) != 1 {
		t.Errorf("the caller's header was changed: %v", h)
	}
}

// A server that takes its time, for its headers or in the middle of its body, is
// given up, and so is one whose caller has no more time. V13.2.6
func TestTimeIsBounded(t *testing.T) {
	ended := make(chan struct{})
	s, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "some")
			w.(http.Flusher).Flush()
		}
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	})
	t.Cleanup(func() { close(ended) }) // before the server is closed, which waits for its answers
	c, err := egress.New(egress.Options{Allow: []string{host}, Now: time.Now, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/headers", "/body"} {
		if resp, err := c.Get(context.Background(), s.URL+path, 1000, nil); !errors.Is(err, egress.ErrFailed) {
			t.Errorf("%s: %+v, %v", path, resp, err)
		}
	}
	patient, err := egress.New(egress.Options{Allow: []string{host}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if resp, err := patient.Get(ctx, s.URL+"/headers", 1000, nil); !errors.Is(err, egress.ErrFailed) {
		t.Errorf("the caller's time is over: %+v, %v", resp, err)
	}
}

// A host that keeps failing is left alone; one request tries after the rest.
func TestFailingHostRests(t *testing.T) {
	var asked atomic.Int64
	var healthy atomic.Bool
	s, host := server(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if !healthy.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	c := newRig(t, nil, host)
	get := func() error { _, err := c.Get(context.Background(), s.URL, 10, nil); return err }
	for range 5 {
		if err := get(); err != nil {
			t.Fatal(err)
		}
	}
	err := get()
	if !errors.Is(err, egress.ErrResting) || problem.Of(err).RetryAfter != 10*time.Second || asked.Load() != 5 {
		t.Fatalf("%v, asked %d times", err, asked.Load())
	}
	c.clock.Advance(10 * time.Second)
	_ = get() // fails again: the rest doubles
	if err := get(); problem.Of(err).RetryAfter != 20*time.Second || asked.Load() != 6 {
		t.Fatalf("%v after %v, asked %d times", err, problem.Of(err).RetryAfter, asked.Load())
	}
	healthy.Store(true)
	c.clock.Advance(20 * time.Second)
	for range 3 {
		if err := get(); err != nil {
			t.Fatal(err)
		}
	}
}

// Giving up is the caller's doing and does not count against the host.
func TestCallerGivingUpIsNotAFailure(t *testing.T) {
	s, host := server(t, hello)
	c := newRig(t, nil, host)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 10 {
		_, _ = c.Get(gone, s.URL, 10, nil)
	}
	if _, err := c.Get(context.Background(), s.URL, 100, nil); err != nil {
		t.Fatal(err)
	}
}

func TestFaultyAllowList(t *testing.T) {
	for _, e := range []string{"", "host", "ftp://x/", "http://user@x/", "https://x/?a=b", "10.0.0.0/33", ":80"} {
		if _, err := egress.New(egress.Options{Allow: []string{e}, Now: time.Now}); err == nil {
			t.Errorf("%q is accepted", e)
		}
	}
}

func TestPublic(t *testing.T) {
	for _, s := range []string{
		"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
		"255.255.255.255", "240.0.0.1", "192.0.0.8", "198.18.0.1", "203.0.113.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
		"::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2001::1", "2001:db8::1", "fec0::1", "5f00::1",
	} {
		if egress.Public(netip.MustParseAddr(s)) {
			t.Errorf("%s counts as public", s)
		}
	}
	for _, s := range []string{"1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"} {
		if !egress.Public(netip.MustParseAddr(s)) {
			t.Errorf("%s does not count as public", s)
		}
	}
}

// Whatever the URL, nothing but its own prefix is allowed by name.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://a.test/x", "http://[::1]:80/", "https://a.test\\@b.test/", "https://a.test:443/../", "http://a.test@b.test"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := egress.New(egress.Options{Allow: []string{"192.0.2.1:1"}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = c.Get(gone, raw, 1, nil)
		if err == nil {
			t.Fatal("an answer from nowhere")
		}
		if u, perr := url.Parse(raw); (perr != nil || u.User != nil || u.Host == "") && !errors.Is(err, egress.ErrBlocked) {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
