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
