package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// SE-15: two cookies of the name mean that one is planted: neither counts.
func TestCookieTossing(t *testing.T) {
	for name, headers := range map[string][]string{
		"one line":    {"Cookie: __Host-mortise=kim; __Host-mortise=kim"},
		"two lines":   {"Cookie: __Host-mortise=kim", "Cookie: __Host-mortise=other"},
		"empty first": {"Cookie: __Host-mortise=; __Host-mortise=kim"},
	} {
		b := newBench(t, nil)
		if w := b.ask(http.MethodGet, "/forgotten", headers...); w.Code != 400 || !strings.HasPrefix(w.Body.String(), "duplicate_cookie") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := b.ask(http.MethodGet, "/open", headers...); w.Body.String() != string(audit.ActorAnonymous) {
			t.Errorf("%s: an open page takes the visitor for %s", name, w.Body)
		}
	}
	b := newBench(t, nil)
	if w := b.ask(http.MethodGet, "/forgotten", "Cookie: mortise=kim; other=1; x__Host-mortise=kim"); w.Code != 401 {
		t.Errorf("cookies of other names: %d", w.Code)
	}
	if w := b.ask(http.MethodGet, "/forgotten", "Cookie: a=1; __Host-mortise=kim; b=2"); w.Code != 200 {
		t.Errorf("among others: %d", w.Code)
	}
}

// SE-17: of an endless Cookie header only a part is looked at.
func TestManyCookies(t *testing.T) {
	b := newBench(t, nil)
	line := "Cookie: " + strings.Repeat("a=b; ", maxCookies) + "__Host-mortise=kim"
	if w := b.ask(http.MethodGet, "/forgotten", line); w.Code != 401 {
		t.Errorf("the %dth cookie was read: %d", maxCookies+1, w.Code)
	}
}

// SE-10 SE-14 SE-15 SE-16: attributes of every cookie, set and cleared; over
// plain http the prefix and Secure are not promised.
func TestSetCookie(t *testing.T) {
	https := newBench(t, nil)
	plain := newBench(t, func(o *Options) { o.URL = &url.URL{Scheme: "http", Host: "localhost:8080"} })
	second := newBench(t, func(o *Options) { o.Suffix = "-b" })
	for _, c := range []struct {
		b    *bench
		name string
		set  string
	}{
		{https, "__Host-mortise", "__Host-mortise=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
		{plain, "mortise", "mortise=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"},
		{second, "__Host-mortise-b", "__Host-mortise-b=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
	} {
		name := c.b.Names().Session
		if name != c.name {
			t.Errorf("session cookie is named %q, want %q", name, c.name)
		}
		w := httptest.NewRecorder()
		c.b.SetCookie(w, name, "v", time.Minute)
		c.b.ClearCookie(w, name)
		got := w.Result().Header["Set-Cookie"]
		cleared := strings.Replace(strings.Replace(c.set, "=v;", "=;", 1), "Max-Age=60", "Max-Age=0", 1)
		if len(got) != 2 || got[0] != c.set || got[1] != cleared {
			t.Errorf("Set-Cookie:\n%q\nwant\n%q\n%q", got, c.set, cleared)
		}
	}
}

// SE-42 SE-43: on every answer, refusals too.
func TestHeaders(t *testing.T) {
	b := newBench(t, nil)
	for _, target := range []string{"/open", "/forgotten", "/nowhere", "/panic", "https://evil.test/open"} {
		h := b.ask(http.MethodGet, target).Header()
		for name, want := range map[string]string{
			"Strict-Transport-Security":    "max-age=31536000; includeSubDomains",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
			"Content-Security-Policy":      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", target, name, got, want)
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "publickey-credentials-get=(self)") || !strings.HasPrefix(h.Get("Request-Id"), "req_") {
			t.Errorf("%s: %v", target, h)
		}
	}
	plain := newBench(t, func(o *Options) { o.URL = &url.URL{Scheme: "http", Host: "localhost:8080"} })
	if got := plain.ask(http.MethodGet, "http://localhost:8080/open").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over plain http: HSTS %q", got)
	}
}

// SE-40: the policy of pages, with a nonce that is new for each answer.
func TestPagePolicy(t *testing.T) {
	var nonces []string
	b := newBench(t, nil)
	h := b.Frame.Handler(Surface{Limit: plenty, Fail: b.surface().Fail, Routes: []Route{{Pattern: "GET /page", Access: Anyone, Handler: func(_ http.ResponseWriter, r *http.Request) error {
		nonces = append(nonces, Of(r).Nonce)
		return nil
	}}}})
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "https://id.example.org/page", http.NoBody))
	}
	if len(nonces) != 2 || nonces[0] == nonces[1] || len(nonces[0]) < 22 {
		t.Fatalf("nonces %q", nonces)
	}
	policy := PagePolicy(nonces[0])
	for _, part := range []string{
		"default-src 'none'", "script-src 'nonce-" + nonces[0] + "' 'strict-dynamic'", "style-src 'nonce-" + nonces[0] + "'",
		"img-src 'self' data:", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("%q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error(policy)
	}
}
