package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/verify"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

const (
	few    ratelimit.Name = "test.source"
	plenty ratelimit.Name = "plenty.source"
)

// bench is a Frame with a route of every Access, and what it told others.
type bench struct {
	http.Handler
	*Frame
	now      time.Time
	log      bytes.Buffer
	events   []audit.Event
	observed []Observation
	handled  []string // what reached a handler
}

// Session knows three secrets, and one that it cannot judge.
func (b *bench) Session(_ context.Context, text string) (*verify.Identity, error) {
	c := verify.Claims{Kind: verify.User, Subject: user.NewID(start).String(), Session: session.NewID(start).String(), AuthenticatedAt: start}
	switch text {
	case "kim":
	case "admin":
		c.Roles = []string{rbac.Admin}
	case "uncertain":
		return nil, session.ErrUncertain.After(2 * time.Second)
	default:
		return nil, session.ErrEnded
	}
	who := verify.NewIdentity(c)
	return &who, nil
}

func (b *bench) MAC(purpose string, parts ...[]byte) (out [32]byte) {
	copy(out[:], purpose+string(bytes.Join(parts, []byte{0})))
	return out
}

// newBench makes a bench; change what differs from https://id.example.org.
func newBench(t *testing.T, change func(*Options)) *bench {
	t.Helper()
	b := &bench{now: start}
	now := func() time.Time { return b.now }
	rates, err := ratelimit.NewMemory([]ratelimit.Limit{ratelimit.PerMinute(few, 3), ratelimit.PerMinute(plenty, 10_000)}, 0, ratelimit.Monotonic(now))
	if err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse("https://id.example.org")
	if err != nil {
		t.Fatal(err)
	}
	trust, err := clientaddr.NewTrust([]string{"192.0.2.254"})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		URL: public, Trust: trust, Sessions: b, Rates: rates, Keys: b, Now: now, Fresh: time.Hour,
		Log:     slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(o Observation) { b.observed = append(b.observed, o) },
		Record:  func(_ context.Context, ev audit.Event) error { b.events = append(b.events, ev); return nil },
	}
	if change != nil {
		change(&o)
	}
	b.Frame = NewFrame(o)
	b.Handler = b.Frame.Handler(b.surface())
	return b
}

func (b *bench) surface() Surface {
	ok := func(w http.ResponseWriter, r *http.Request) error {
		b.handled = append(b.handled, r.Pattern)
		_, err := fmt.Fprint(w, Of(r).Caller.Actor.Type)
		return err
	}
	return Surface{
		Name: "test", Limit: plenty,
		Routes: []Route{
			{Pattern: "GET /forgotten", Handler: ok},
			{Pattern: "GET /open", Access: Anyone, Handler: ok},
			{Pattern: "POST /open", Access: Anyone, Handler: ok},
			{Pattern: "GET /things/{id}", Access: Anyone, Handler: ok},
			{Pattern: "DELETE /things/{id}", Handler: ok},
			{Pattern: "POST /admin", Access: Admin, Handler: ok},
			{Pattern: "GET /managed", Access: Admin, Handler: ok},
			{Pattern: "DELETE /managed", Access: Admin, Handler: ok},
			{Pattern: "POST /managed", Access: Admin, Handler: ok},
			{Pattern: "POST /host", Access: Host, Handler: ok},
			{Pattern: "POST /odd", Access: Access(99), Handler: ok},
			{Pattern: "GET /few", Access: Anyone, Limit: few, Handler: ok},
			{Pattern: "POST /few", Access: Anyone, Limit: few, Handler: ok},
			{Pattern: "GET /empty", Access: Anyone, Handler: func(http.ResponseWriter, *http.Request) error { return nil }},
			{Pattern: "GET /panic", Access: Anyone, Handler: func(http.ResponseWriter, *http.Request) error { panic("the plumbing shows") }},
			{Pattern: "GET /broken", Access: Anyone, Handler: func(http.ResponseWriter, *http.Request) error {
				return errors.New("dial tcp 10.0.0.5: refused")
			}},
			{Pattern: "GET /late", Access: Anyone, Handler: func(w http.ResponseWriter, _ *http.Request) error {
				fmt.Fprint(w, "begun")
				return errors.New("too late to say")
			}},
		},
		Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
			p := problem.Of(err)
			w.WriteHeader(p.Kind.Status())
			fmt.Fprintf(w, "%s: %s", p.Code, p.Public)
		},
	}
}

// ask sends a request; headers are "Name: value".
func (b *bench) ask(method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	r.RemoteAddr = "198.51.100.7:4711"
	if strings.HasPrefix(target, "/") {
		r.Host = "id.example.org"
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

const (
	asKim   = "Cookie: __Host-mortise=kim"
	asAdmin = "Cookie: __Host-mortise=admin"
)

// SE-31 SE-32 SE-13 SE-34: what a browser says about where a request comes from
// decides, whether or not it carries a cookie; SameSite does not.
func TestOrigin(t *testing.T) {
	const unsafe, refused = http.MethodPost, http.StatusForbidden
	for _, c := range []struct {
		name    string
		method  string
		headers []string
		want    int
	}{
		{"our own page", unsafe, []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"typed or bookmarked", unsafe, []string{"Sec-Fetch-Site: none"}, 200},
		{"a sibling", unsafe, []string{"Sec-Fetch-Site: same-site", "Origin: https://blog.example.org"}, refused},
		{"a sibling that says nothing more", unsafe, []string{"Sec-Fetch-Site: same-site"}, refused},
		{"another site", unsafe, []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.test"}, refused},
		{"a value nobody defined", unsafe, []string{"Sec-Fetch-Site: whatever"}, refused},
		{"old browser, our origin", unsafe, []string{"Origin: https://id.example.org"}, 200},
		{"old browser, another site", unsafe, []string{"Origin: https://evil.test"}, refused},
		{"old browser, sandboxed", unsafe, []string{"Origin: null"}, refused},
		{"old browser, our name as a prefix", unsafe, []string{"Origin: https://id.example.org.evil.test"}, refused},
		{"no browser", unsafe, nil, 200},
		{"safe methods pass", http.MethodGet, []string{"Sec-Fetch-Site: cross-site"}, 200},
	} {
		for _, cookie := range [][]string{nil, {asKim}} {
			b := newBench(t, nil)
			w := b.ask(c.method, "/open", append(c.headers, cookie...)...)
			if w.Code != c.want {
				t.Errorf("%s, cookie %v: %d, want %d", c.name, cookie, w.Code, c.want)
			}
			if reached := len(b.handled) > 0; reached != (c.want == 200) {
				t.Errorf("%s: handler reached: %v", c.name, reached)
			}
		}
	}
}

// AU-10: a refused origin is in the log of suspected attacks, with its route.
func TestRefusedOriginIsRecorded(t *testing.T) {
	b := newBench(t, nil)
	b.ask(http.MethodPost, "/open?q=1", "Sec-Fetch-Site: cross-site", "Origin: https://evil.test", asKim)
	if len(b.events) != 1 {
		t.Fatalf("events: %v", b.events)
	}
	ev := b.events[0]
	if ev.Name != "csrf.blocked" || ev.Outcome != audit.Blocked || ev.Details["route"] != "POST /open" ||
		ev.Source.IP != "198.51.100.7" || ev.Source.RequestID == "" || ev.Actor.Type != audit.ActorAnonymous {
		t.Errorf("recorded: %+v", ev)
	}
}

// AU-10: what a stranger can make us write is limited like what they can make us
// do, and the event says where it came from.
func TestRefusedOriginsAreLimited(t *testing.T) {
	b := newBench(t, nil)
	for range 10 {
		b.ask(http.MethodPost, "/few", "Sec-Fetch-Site: cross-site", "Origin: https://evil.test", asKim)
	}
	if len(b.events) != 3 {
		t.Errorf("10 refused requests wrote %d events, want 3", len(b.events))
	}
	if ev := b.events[0]; ev.Source.IP != "198.51.100.7" {
		t.Errorf("recorded: %+v", ev)
	}
}

// SE-50 TH-29: only our own name is answered, whatever a client or a stranger's
// proxy claims; in development only loopback names, and nothing forwarded.
func TestHost(t *testing.T) {
	production := newBench(t, nil)
	dev := newBench(t, func(o *Options) {
		o.Dev = true
		o.URL = &url.URL{Scheme: "http", Host: "localhost:8080"}
	})
	for _, c := range []struct {
		name   string
		b      *bench
		target string
		header string
		want   int
	}{
		{"our name", production, "https://id.example.org/open", "", 200},
		{"in capitals, with its port", production, "https://ID.example.org:443/open", "", 200},
		{"another name", production, "https://evil.test/open", "", 421},
		{"our name below another", production, "https://id.example.org.evil.test/open", "", 421},
		{"another port", production, "https://id.example.org:8443/open", "", 421},
		{"claimed by a stranger", production, "https://evil.test/open", "X-Forwarded-Host: id.example.org", 421},
		{"loopback is not our name", production, "https://localhost/open", "", 421},
		{"dev: localhost", dev, "http://localhost:8080/open", "", 200},
		{"dev: 127.0.0.1", dev, "http://127.0.0.1:8080/open", "", 200},
		{"dev: ::1", dev, "http://[::1]:8080/open", "", 200},
		{"dev: evil.test", dev, "http://evil.test/open", "", 421},
		{"dev: localhost of somebody else", dev, "http://localhost.evil.test/open", "", 421},
		{"dev: forwarded", dev, "http://localhost:8080/open", "X-Forwarded-For: 203.0.113.1", 403},
		{"dev: forwarded, RFC 7239", dev, "http://localhost:8080/open", "Forwarded: for=203.0.113.1", 403},
	} {
		headers := []string{}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		if w := c.b.ask(http.MethodGet, c.target, headers...); w.Code != c.want {
			t.Errorf("%s: %d, want %d (%s)", c.name, w.Code, c.want, w.Body)
		}
	}
}

// A route that says nothing about Access wants somebody signed in; one that says
// nonsense lets nobody in.
func TestAccess(t *testing.T) {
	for _, c := range []struct {
		name, method, target string
		headers              []string
		want                 int
	}{
		{"forgotten, nobody", http.MethodGet, "/forgotten", nil, 401},
		{"forgotten, ended", http.MethodGet, "/forgotten", []string{"Cookie: __Host-mortise=old"}, 401},
		{"forgotten, kim", http.MethodGet, "/forgotten", []string{asKim}, 200},
		{"forgotten, cannot tell", http.MethodGet, "/forgotten", []string{"Cookie: __Host-mortise=uncertain"}, 503},
		{"open, cannot tell", http.MethodGet, "/open", []string{"Cookie: __Host-mortise=uncertain"}, 200},
		{"admin, nobody", http.MethodPost, "/admin", nil, 401},
		{"admin, kim", http.MethodPost, "/admin", []string{asKim}, 403},
		{"admin, administrator", http.MethodPost, "/admin", []string{asAdmin}, 200},
		{"host, nobody", http.MethodPost, "/host", nil, 401},
		{"host, administrator", http.MethodPost, "/host", []string{asAdmin}, 403},
		{"odd, administrator", http.MethodPost, "/odd", []string{asAdmin}, 403},
	} {
		b := newBench(t, nil)
		w := b.ask(c.method, c.target, c.headers...)
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d (%s)", c.name, w.Code, c.want, w.Body)
		}
		if w.Code == 503 && w.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After %q", c.name, w.Header().Get("Retry-After"))
		}
	}
}

// SE-24: an administrator's sign-in serves for a while and then has to be renewed.
func TestAdministratorsSignInAgain(t *testing.T) {
	b := newBench(t, nil)
	b.now = start.Add(time.Hour)
	if w := b.ask(http.MethodPost, "/admin", asAdmin); w.Code != 200 {
		t.Errorf("after an hour: %d", w.Code)
	}
	b.now = start.Add(time.Hour + time.Second)
	if w := b.ask(http.MethodPost, "/admin", asAdmin); w.Code != 403 || !strings.HasPrefix(w.Body.String(), ErrFresh.Code) {
		t.Errorf("later: %d %s", w.Code, w.Body)
	}
}

// SE-24: to change anything it has to be younger than to look, and the refusal says how
// young (OA-53).
func TestAdministratorsChangeThingsSoon(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Recent = 10 * time.Minute })
	for _, c := range []struct {
		method string
		after  time.Duration
		want   int
	}{
		{http.MethodPost, 10 * time.Minute, 200},
		{http.MethodPost, 10*time.Minute + time.Second, 403},
		{http.MethodDelete, 11 * time.Minute, 403},
		{http.MethodGet, 11 * time.Minute, 200},
		{http.MethodHead, time.Hour, 200},
		{http.MethodGet, time.Hour + time.Second, 403},
	} {
		b.now = start.Add(c.after)
		w := b.ask(c.method, "/managed", asAdmin)
		if w.Code != c.want || c.want == 403 && c.method != http.MethodHead && !strings.HasPrefix(w.Body.String(), ErrFresh.Code) {
			t.Errorf("%s after %s: %d %s", c.method, c.after, w.Code, w.Body)
		}
	}
}

// The socket in the data folder is the host: no cookie, no name, no origin, and
// nothing that a request over the network can say makes it one.
func TestAsHost(t *testing.T) {
	b := newBench(t, nil)
	h := AsHost(b.Handler)
	for _, target := range []string{"/host", "/admin", "/open"} {
		r := httptest.NewRequest(http.MethodPost, "http://mortise"+target, http.NoBody)
		r.RemoteAddr = "@"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != string(audit.ActorHost) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

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

// TH-36 SE-37: what a wrapper promised to other origins is taken back, whatever
// the answer.
func TestForeignCORS(t *testing.T) {
	b := newBench(t, nil)
	reflecting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		b.ServeHTTP(w, r)
	})
	for _, target := range []string{"/open", "/forgotten", "/empty", "/nowhere", "/panic", "/late"} {
		r := httptest.NewRequest(http.MethodGet, "https://id.example.org"+target, http.NoBody)
		r.Header.Set("Origin", "https://evil.test")
		w := httptest.NewRecorder()
		reflecting.ServeHTTP(w, r)
		for name := range w.Result().Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s survived", target, name)
			}
		}
	}
}

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

// SE-35: a form's token belongs to one session or one browser.
func TestFormToken(t *testing.T) {
	b := newBench(t, nil)
	token := b.FormToken("kim")
	if err := b.CheckForm(token, "kim"); err != nil {
		t.Error(err)
	}
	for _, c := range [][2]string{{token, "ada"}, {"", "kim"}, {token + "0", "kim"}, {token[1:], "kim"}, {b.FormToken("ada"), "kim"}} {
		if err := b.CheckForm(c[0], c[1]); !errors.Is(err, ErrForm) {
			t.Errorf("token %q of %q: %v", c[0], c[1], err)
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
