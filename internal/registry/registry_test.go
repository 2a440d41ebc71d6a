package registry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
)

const chosen = "not-a-real-secret-0123456789abcdef"

type plainKeys struct{}

func (plainKeys) MAC(_ string, parts ...[]byte) (sum [32]byte) {
	for _, p := range parts {
		for i, b := range p {
			sum[i%32] = sum[i%32]*31 + b
		}
	}
	return sum
}

// shelf is a store whose reads can be counted and held up.
type shelf struct {
	mu      sync.Mutex
	clients map[client.ID]client.Client
	reads   atomic.Int64
	used    map[client.ID]time.Time
	during  func() // called between a read and its answer
	err     error
}

func (s *shelf) ByID(_ context.Context, id client.ID) (client.Client, error) {
	s.reads.Add(1)
	s.mu.Lock()
	c, ok := s.clients[id]
	during, err := s.during, s.err
	s.mu.Unlock()
	if during != nil {
		during()
	}
	if err == nil && !ok {
		err = client.ErrUnknown
	}
	return c, err
}

func (s *shelf) Used(_ context.Context, at map[client.ID]time.Time) error {
	s.used = at
	return s.err
}

func (s *shelf) ByIdentifier(_ context.Context, identifier string) (resource.Resource, error) {
	s.reads.Add(1)
	return resource.Resource{Identifier: identifier}, nil
}

type fresh bool

func (f *fresh) Fresh(time.Time) bool { return bool(*f) }

type rig struct {
	*Registry
	*shelf
	proof fresh
	now   time.Time
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{proof: true, now: time.Date(2033, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.shelf = &shelf{clients: map[client.ID]client.Client{}}
	r.Registry = New(Options{Clients: r.shelf, Resources: r.shelf, Keys: plainKeys{}, Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler), ClientsKept: 4})
	r.Follow(&r.proof)
	r.put("web", func(c *client.Client) {
		c.Secret.Digest = client.Digest(plainKeys{}, "web", secret.NewText(chosen))
	})
	return r
}

func (r *rig) put(id client.ID, change func(*client.Client)) {
	c := client.Client{ID: id, Auth: client.AuthBasic, Version: 1}
	change(&c)
	r.mu0(func() { r.shelf.clients[id] = c })
}

func (r *rig) mu0(fn func()) {
	r.shelf.mu.Lock()
	defer r.shelf.mu.Unlock()
	fn()
}

func (r *rig) client(t *testing.T, id string) client.Client {
	t.Helper()
	c, err := r.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dead(id client.ID) []revocation.Entry {
	return []revocation.Entry{{Kind: revocation.Client, Value: id.Value(), Version: 2}}
}

// OA-5 OA-7 OA-36: one refusal for everything, and one method for each client.
func TestAuthenticate(t *testing.T) {
	r := newRig(t)
	r.put("post", func(c *client.Client) {
		c.Auth, c.Secret.Digest = client.AuthPost, client.Digest(plainKeys{}, "post", secret.NewText(chosen))
	})
	r.put("spa", func(c *client.Client) { c.Auth = client.AuthNone })
	r.put("empty", func(*client.Client) {})
	r.put("off", func(c *client.Client) {
		c.Disabled, c.Secret.Digest = true, client.Digest(plainKeys{}, "off", secret.NewText(chosen))
	})
	for name, tt := range map[string]struct {
		Credentials
		ok bool
	}{
		"right":                {Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(chosen)}, true},
		"right, posted":        {Credentials{ID: "post", Method: client.AuthPost, Secret: secret.NewText(chosen)}, true},
		"public":               {Credentials{ID: "spa", Method: client.AuthNone, Secret: secret.Text{}}, true},
		"wrong":                {Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(chosen + "0")}, false},
		"another's":            {Credentials{ID: "web", Method: client.AuthPost, Secret: secret.NewText(chosen)}, false},
		"none at all":          {Credentials{ID: "web", Method: client.AuthNone, Secret: secret.Text{}}, false},
		"empty":                {Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText("")}, false},
		"public with a secret": {Credentials{ID: "spa", Method: client.AuthNone, Secret: secret.NewText(chosen)}, false},
		"public as another":    {Credentials{ID: "spa", Method: client.AuthBasic, Secret: secret.NewText(chosen)}, false},
		"has no secret":        {Credentials{ID: "empty", Method: client.AuthBasic, Secret: secret.Text{}}, false},
		"unknown":              {Credentials{ID: "ghost", Method: client.AuthBasic, Secret: secret.NewText(chosen)}, false},
		"an account":           {Credentials{ID: "usr_01jd4n3e5fezqrb2mcvkzx9p0h", Method: client.AuthBasic, Secret: secret.NewText(chosen)}, false},
		"disabled":             {Credentials{ID: "off", Method: client.AuthBasic, Secret: secret.NewText(chosen)}, false},
		"no name":              {Credentials{ID: "", Method: client.AuthNone, Secret: secret.Text{}}, false},
		"huge":                 {Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(string(make([]byte, 1<<20)))}, false},
	} {
		c, err := r.Authenticate(t.Context(), tt.Credentials)
		switch {
		case tt.ok && (err != nil || string(c.ID) != tt.ID):
			t.Errorf("%s: %v", name, err)
		case !tt.ok && (!errors.Is(err, client.ErrCredentials) || c.ID != ""):
			t.Errorf("%s: %v", name, err)
		case !tt.ok && problem.Of(err).Public != client.ErrCredentials.Public:
			t.Errorf("%s: says %q", name, problem.Of(err).Public)
		}
	}
	r.mu0(func() { r.shelf.err = errors.New("gone") })
	r.proof = false
	if _, err := r.Authenticate(t.Context(), Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(chosen)}); err == nil || errors.Is(err, client.ErrCredentials) {
		t.Errorf("an outage reads as a wrong secret: %v", err)
	}
}

// OA-7: the former secret opens until its time, from memory too.
func TestFormerSecret(t *testing.T) {
	r := newRig(t)
	r.put("web", func(c *client.Client) {
		c.Secret.Digest = client.Digest(plainKeys{}, "web", secret.NewText("new"))
		c.FormerSecret = client.Secret{Digest: client.Digest(plainKeys{}, "web", secret.NewText(chosen)), ExpiresAt: r.now.Add(time.Hour)}
	})
	old := Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(chosen)}
	if _, err := r.Authenticate(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	r.now = r.now.Add(time.Hour)
	if _, err := r.Authenticate(t.Context(), old); !errors.Is(err, client.ErrCredentials) {
		t.Errorf("after its time: %v", err)
	}
}

// TH-11: memory answers only beside a freshness proof.
func TestNoAnswerFromMemoryWithoutProof(t *testing.T) {
	r := newRig(t)
	r.client(t, "web")
	r.client(t, "web")
	if n := r.reads.Load(); n != 1 {
		t.Fatalf("%d reads of a client that is in memory", n)
	}
	r.proof = false
	r.client(t, "web")
	if n := r.reads.Load(); n != 2 {
		t.Errorf("answered from memory without a proof")
	}
	unled := New(Options{Clients: r.shelf, Resources: r.shelf, Keys: plainKeys{}, Now: time.Now})
	for range 2 {
		if _, err := unled.Client(t.Context(), "web"); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.reads.Load(); n != 4 {
		t.Errorf("answered from memory without a follower")
	}
}

// TH-10: what an act overtook is not kept, whichever entry tells of it.
func TestFillAfterTheEvent(t *testing.T) {
	for name, told := range map[string]func(*rig){
		"client":   func(r *rig) { r.Apply(dead("web")) },
		"refresh":  func(r *rig) { r.Apply([]revocation.Entry{{Kind: revocation.Refresh, Value: client.ID("web").Value()}}) },
		"instance": func(r *rig) { r.Apply([]revocation.Entry{{Kind: revocation.Instance}}) },
		"reset":    func(r *rig) { r.Reset() },
		"a flood": func(r *rig) {
			for range memory + 1 {
				r.Apply(dead("other"))
			}
		},
	} {
		r := newRig(t)
		r.mu0(func() {
			r.during = func() {
				r.mu0(func() { r.during = nil })
				r.put("web", func(c *client.Client) { c.Disabled, c.Version = true, 2 })
				told(r)
			}
		})
		if c := r.client(t, "web"); c.Disabled {
			t.Fatalf("%s: the read did not come first", name)
		}
		if c := r.client(t, "web"); !c.Disabled {
			t.Errorf("%s: the overtaken fill was kept", name)
		}
		if name == "a flood" { // it names others
			continue
		}
		r.put("web", func(c *client.Client) { c.Version = 3 })
		told(r)
		if c := r.client(t, "web"); c.Version != 3 {
			t.Errorf("%s: what is kept was not dropped", name)
		}
	}
}

// Entries about something else leave the snapshots alone.
func TestOthersStay(t *testing.T) {
	r := newRig(t)
	r.client(t, "web")
	if _, err := r.Resource(t.Context(), "https://api.example"); err != nil {
		t.Fatal(err)
	}
	r.Apply([]revocation.Entry{
		{Kind: revocation.Session, Value: client.ID("web").Value()},
		{Kind: revocation.Subject, Value: resource.Value("https://api.example")},
		{Kind: revocation.Client, Value: client.ID("other").Value()},
		{Kind: revocation.Refresh, Value: resource.Value("https://other.example")},
	})
	r.client(t, "web")
	if _, err := r.Resource(t.Context(), "https://api.example"); err != nil || r.reads.Load() != 2 {
		t.Errorf("%d reads, %v", r.reads.Load(), err)
	}
	r.Apply([]revocation.Entry{{Kind: revocation.Refresh, Value: resource.Value("https://api.example")}})
	if _, err := r.Resource(t.Context(), "https://api.example"); err != nil || r.reads.Load() != 3 {
		t.Errorf("a changed resource is answered from memory: %d reads, %v", r.reads.Load(), err)
	}
	if _, err := r.Resource(t.Context(), "no uri"); !errors.Is(err, resource.ErrUnknown) {
		t.Errorf("%v", err)
	}
}

// Memory is bounded, and what is unknown takes none of it.
func TestBounded(t *testing.T) {
	r := newRig(t)
	for _, id := range []client.ID{"a", "b", "c", "d", "e", "f"} {
		r.put(id, func(*client.Client) {})
		r.client(t, string(id))
	}
	if n, m := len(r.Registry.clients.rows), len(r.Registry.clients.names); n != 4 || m != 4 {
		t.Errorf("%d and %d of at most 4", n, m)
	}
	for range 3 {
		if _, err := r.Client(t.Context(), "ghost"); !errors.Is(err, client.ErrUnknown) {
			t.Fatal(err)
		}
	}
	if len(r.Registry.clients.rows) != 4 {
		t.Error("what is unknown was kept")
	}
}

// Reads, changes and their entries, all at once: the last change is seen.
func TestRace(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 300 {
				if _, err := r.Client(t.Context(), "web"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for v := range int64(200) {
		r.put("web", func(c *client.Client) { c.Version = v })
		r.Apply(dead("web"))
		if c := r.client(t, "web"); c.Version != v {
			t.Fatalf("version %d after %d", c.Version, v)
		}
	}
	wg.Wait()
}

// Last uses are written once a minute, by Run or by the use itself.
func TestUsed(t *testing.T) {
	r := newRig(t)
	right := Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(chosen)}
	r.proof = false
	if _, err := r.Authenticate(t.Context(), right); err != nil || r.shelf.used["web"] != r.now {
		t.Fatalf("used %v, %v", r.shelf.used, err)
	}
	r.put("web", func(c *client.Client) {
		c.LastUsedAt, c.Secret.Digest = r.now, client.Digest(plainKeys{}, "web", secret.NewText(chosen))
	})
	r.shelf.used = nil
	if _, err := r.Authenticate(t.Context(), right); err != nil || r.shelf.used != nil {
		t.Errorf("written twice in a minute: %v, %v", r.shelf.used, err)
	}
	r.running.Store(true)
	for range 3 {
		if _, err := r.Authenticate(t.Context(), right); err != nil {
			t.Fatal(err)
		}
	}
	if r.shelf.used != nil {
		t.Error("written before the flush")
	}
	if err := r.Flush(t.Context()); err != nil || len(r.shelf.used) != 1 {
		t.Errorf("used %v, %v", r.shelf.used, err)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	r := newRig(b)
	right := Credentials{ID: "web", Method: client.AuthBasic, Secret: secret.NewText(chosen)}
	r.running.Store(true)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Authenticate(b.Context(), right); err != nil {
			b.Fatal(err)
		}
	}
}
