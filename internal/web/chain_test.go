package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// SE-47: an address that takes other methods says which; TRACE is one that none takes.
func TestMethods(t *testing.T) {
	b := newBench(t, nil)
	for _, c := range []struct {
		method, target string
		want           int
		allow          string
	}{
		{http.MethodGet, "/things/1", 200, ""},
		{http.MethodHead, "/things/1", 200, ""},
		{http.MethodPut, "/things/1", 405, "GET, DELETE"},
		{http.MethodTrace, "/open", 405, "GET, POST"},
		{http.MethodOptions, "/open", 405, "GET, POST"},
		{"BREW", "/open", 405, "GET, POST"},
		{http.MethodGet, "/admin", 405, "POST"},
		{http.MethodGet, "/nowhere", 404, ""},
		{http.MethodDelete, "/nowhere", 404, ""},
	} {
		w := b.ask(c.method, c.target)
		if w.Code != c.want || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q; want %d, %q", c.method, c.target, w.Code, w.Header().Get("Allow"), c.want, c.allow)
		}
	}
}

// What went wrong inside stays inside: the caller reads one sentence, the log the rest.
func TestDetailStaysInTheLog(t *testing.T) {
	for target, secret := range map[string]string{"/panic": "the plumbing shows", "/broken": "10.0.0.5"} {
		b := newBench(t, nil)
		w := b.ask(http.MethodGet, target)
		if w.Code != 500 || strings.Contains(w.Body.String(), secret) || !strings.HasPrefix(w.Body.String(), "internal: ") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
		if log := b.log.String(); !strings.Contains(log, secret) || !strings.Contains(log, "level=ERROR") {
			t.Errorf("%s: the log does not tell: %s", target, log)
		}
	}
	b := newBench(t, nil)
	if w := b.ask(http.MethodGet, "/late"); w.Body.String() != "begun" {
		t.Errorf("something was written into an answer under way: %s", w.Body)
	}
}

// A limit counts sources, not requests of everybody, and says when to come back.
func TestLimit(t *testing.T) {
	b := newBench(t, nil)
	for n := range 3 {
		w := b.ask(http.MethodGet, "/few")
		if w.Code != 200 || w.Header().Get("RateLimit") == "" {
			t.Fatalf("request %d: %d, RateLimit %q", n, w.Code, w.Header().Get("RateLimit"))
		}
	}
	w := b.ask(http.MethodGet, "/few")
	if w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("the fourth: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	// PW-24: a header of the client's own does not make it somebody else.
	if w := b.ask(http.MethodGet, "/few", "X-Forwarded-For: 203.0.113.1"); w.Code != 429 {
		t.Errorf("with a header that claims another address: %d", w.Code)
	}
	if w := b.ask(http.MethodGet, "/open"); w.Code != 200 {
		t.Errorf("another route: %d", w.Code)
	}
	r := httptest.NewRequest(http.MethodGet, "https://id.example.org/few", http.NoBody)
	r.RemoteAddr = "192.0.2.254:1" // the proxy we were told to believe
	r.Header.Set("X-Forwarded-For", "203.0.113.1")
	other := httptest.NewRecorder()
	b.ServeHTTP(other, r)
	if other.Code != 200 {
		t.Errorf("another source: %d", other.Code)
	}
}

// AU-33 AU-34 AU-30: the one line of a request names its route; queries, cookies
// and forms are in no log, at no level.
func TestRequestLine(t *testing.T) {
	b := newBench(t, nil)
	b.ask(http.MethodGet, "/things/t1?token=canary1", "Cookie: __Host-mortise=kim; __Host-mortise-flow=canary2", "Authorization: Basic canary3")
	b.ask(http.MethodGet, "/things/t1", "Authorization: Bearer canary6")
	b.ask(http.MethodGet, "/forgotten?token=canary4", "Cookie: __Host-mortise=canary5")
	log := b.log.String()
	if strings.Contains(log, "canary") {
		t.Errorf("a secret is in the log:\n%s", log)
	}
	for _, want := range []string{`route="GET /things/{id}"`, "status=200", "status=401", "user=usr_", "request=req_"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if n := strings.Count(log, "\n"); n != 3 {
		t.Errorf("%d lines for three requests", n)
	}
}

// AU-62: metrics learn routes and known methods, never what a client made up.
func TestObservations(t *testing.T) {
	b := newBench(t, nil)
	b.ask(http.MethodGet, "/things/secret-name?x=1", asKim)
	b.ask("BREW-4711", "/things/secret-name")
	b.ask(http.MethodGet, "/made/up")
	want := []Observation{
		{Method: "GET", Pattern: "GET /things/{id}", Status: 200},
		{Method: "other", Pattern: "/", Status: 405, Code: "method_not_allowed"},
		{Method: "GET", Pattern: "/", Status: 404, Code: "not_found"},
	}
	if len(b.observed) != len(want) {
		t.Fatalf("%+v", b.observed)
	}
	for i := range want {
		if b.observed[i] != want[i] {
			t.Errorf("%+v, want %+v", b.observed[i], want[i])
		}
	}
}

// Mounted below a path, the routes are where the public address says.
func TestMount(t *testing.T) {
	b := newBench(t, func(o *Options) { o.URL = &url.URL{Scheme: "https", Host: "example.org", Path: "/auth"} })
	if w := b.ask(http.MethodGet, "https://example.org/auth/open"); w.Code != 200 {
		t.Errorf("below the path: %d", w.Code)
	}
	if w := b.ask(http.MethodGet, "https://example.org/open"); w.Code != 404 {
		t.Errorf("beside it: %d", w.Code)
	}
}
