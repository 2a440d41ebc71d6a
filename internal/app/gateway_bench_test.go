package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// guarded is an instance with one site and somebody who has a session and a gate.
type guarded struct {
	*App
	session, gate string
	owner         user.ID
	id            session.ID
}

func guard(t testing.TB) guarded {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	st, err := sqlite.Memory(t.Context(), sqlite.Options{})
	ok(err)
	t.Cleanup(func() { _ = st.Close() })
	a, err := New(t.Context(), Config{
		URL: "https://id.example.org", SecretKey: keyring.NewMaster().Reveal(), Log: slog.New(slog.DiscardHandler), Version: "test",
		TrustedProxy: []string{"loopback"}, Passwords: Passwords{Parameters: password.TestParameters()},
	}, st)
	ok(err)
	ctx, now := t.Context(), a.now()
	u := user.User{ID: user.NewID(now), Name: "Ada", State: user.Active, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
	ok(st.Users().Create(ctx, u, nil, user.System().Event(user.Created, now, u.ID)))
	key, gate := secret.New(session.Purpose), secret.New(ticket.GatePurpose)
	s := session.Session{
		ID: session.NewID(now), User: u.ID, Digest: key.Digest(a.facts.ID), UserVersion: 1, Methods: []string{"pwd"}, Assurance: 1, AuthenticatedAt: now,
		CreatedAt: now, LastSeenAt: now, IdleTimeout: time.Hour, ExpiresAt: now.Add(time.Hour),
	}
	_, err = st.Sessions().Insert(ctx, s, 0, 0, user.System().Event(session.Created, now, u.ID))
	ok(err)
	ok(st.Sites().Put(ctx, site.Site{Host: "app.example.org", Rules: []site.Rule{{Action: site.Require}}, CreatedAt: now, UpdatedAt: now}, user.System().Event(site.Created, now, user.ID{})))
	first, second, nonce, text := secret.New("a").Digest(a.facts.ID), secret.New("a").Digest(a.facts.ID), secret.New("a").Digest(a.facts.ID), secret.New("a").Digest(a.facts.ID)
	p := ticket.Parked{Handle: first, Host: "app.example.org", URL: "https://app.example.org/", CreatedAt: now, ExpiresAt: now.Add(time.Minute)}
	ok(st.Tickets().Park(ctx, p))
	ok(st.Tickets().Bind(ctx, first, second, nonce, now))
	ok(st.Tickets().Issue(ctx, second, text, s.ID, u.ID, now.Add(ticket.Life), now))
	p.Nonce, p.Ticket = nonce, text
	g := ticket.Gate{Digest: gate.Digest(a.facts.ID), Host: p.Host, Session: s.ID, User: u.ID, CreatedAt: now}
	ok(st.Tickets().Redeem(ctx, p, g, now, user.System().Event(ticket.GateOpened, now, u.ID)))
	return guarded{a, key.Reveal(), gate.Reveal(), u.ID, s.ID}
}

func (g guarded) running(t testing.TB) guarded {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
	})
	for !g.follower.Fresh(time.Now()) {
		g.follower.Wake()
	}
	return g
}

// question is what an nginx asks about one request.
func (g guarded) question(to string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, to+"/forward-auth", nil)
	if err != nil {
		panic(err)
	}
	r.Header = http.Header{
		"X-Original-Url": {"https://app.example.org/page?a=b"}, "X-Original-Method": {"GET"}, "X-Forwarded-For": {"192.0.2.7"},
		"Cookie": {"theme=dark; __Host-mortise-gate=" + g.gate + "; __Host-mortise=" + g.session},
	}
	return r
}

// TH-1 TH-10 TH-11 TH-37: a warm gate dies with its session before the act that
// ends it has answered, and a site with the act that deletes it.
func TestGateDiesWithItsSession(t *testing.T) {
	for name, run := range map[string]bool{"warm": true, "without Run": false} {
		g := guard(t)
		if run {
			g.running(t)
		}
		ask := func() int {
			w := httptest.NewRecorder()
			r := g.question("")
			r.RemoteAddr = "127.0.0.1:4000"
			g.Handler().ServeHTTP(w, r)
			return w.Code
		}
		for range 3 {
			if got := ask(); got != 200 {
				t.Fatalf("%s: %d", name, got)
			}
		}
		before := g.Auth.Stats()
		if ask(); run && g.Auth.Stats().Misses != before.Misses {
			t.Errorf("%s: a warm check asked the store", name)
		}
		now := g.now()
		if err := g.store.Sessions().End(t.Context(), g.owner, g.id, session.SignedOut, now, user.System().Event(session.EndedEvent, now, g.owner)); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got != 401 {
			t.Errorf("%s: the gate outlived its session: %d", name, got)
		}
		if err := g.store.Sites().Delete(t.Context(), "app.example.org", now, user.System().Event(site.Deleted, now, user.ID{})); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got != 403 {
			t.Errorf("%s: the site outlived its deletion: %d", name, got)
		}
	}
}

// BenchmarkForwardAuth measures the warm decision beside its floor: a bare
// handler that checks the session and answers, over the same kind of connection
// and for the same request.
func BenchmarkForwardAuth(b *testing.B) {
	g := guard(b).running(b)
	floor := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := web.Cookie(r, "__Host-mortise")
		if err == nil {
			_, err = g.Auth.Session(r.Context(), value)
		}
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	for name, h := range map[string]http.Handler{"floor": floor, "decision": g.Handler()} {
		b.Run(name+"/http", func(b *testing.B) {
			srv := httptest.NewServer(h)
			defer srv.Close()
			r := g.question(srv.URL)
			b.ReportAllocs()
			for b.Loop() {
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err != nil || resp.StatusCode != 200 {
					b.Fatal(resp, err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
		b.Run(name+"/handler", func(b *testing.B) {
			r := g.question("")
			r.RemoteAddr = "127.0.0.1:4000"
			w := nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.h)
				h.ServeHTTP(w, r)
			}
		})
	}
}

// nowhere is an answer that nobody reads.
type nowhere struct{ h http.Header }

func (w nowhere) Header() http.Header         { return w.h }
func (w nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w nowhere) WriteHeader(int)             {}
