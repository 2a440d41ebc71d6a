package gateway

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/verify"
)

// rig is a flow on small fakes of what it asks.
type rig struct {
	*Flow
	t     *testing.T
	now   time.Time
	sites map[string]*site.Compiled
	gates map[string]map[string]*verify.Identity // host, secret
	own   map[string]*verify.Identity            // the provider's cookie
	down  error
	token map[string]Bearer // by token and audience
	rows  rows
	sign  int

	warm    bool // gates are known without the store
	charged int  // of look-ups that may fail
	most    int
}

func newRig(t *testing.T, sites ...site.Site) *rig {
	r := &rig{
		t: t, now: time.Date(2033, 5, 6, 7, 8, 9, 0, time.UTC), sites: map[string]*site.Compiled{},
		gates: map[string]map[string]*verify.Identity{}, own: map[string]*verify.Identity{}, token: map[string]Bearer{}, most: 1000,
	}
	for _, s := range sites {
		clean, err := s.Clean()
		if err != nil {
			t.Fatal(err)
		}
		r.sites[s.Host] = site.Compile(clean)
	}
	r.Flow = New(Options{
		Issuer: "https://id.example.org", Scheme: "https", OwnHost: "id.example.org", Sites: r, People: r, Tokens: r, Signer: r,
		Tickets: &r.rows, Rates: r, Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler),
	})
	return r
}

func (r *rig) Site(_ context.Context, host string) (*site.Compiled, error) {
	if r.down != nil {
		return nil, r.down
	}
	if s, ok := r.sites[host]; ok {
		return s, nil
	}
	return nil, site.ErrUnknown
}

func (r *rig) Known(_ context.Context, text, host string) (*verify.Identity, int64, bool) {
	who, ok := r.gates[host][text]
	return who, 7, ok && r.warm
}

func (r *rig) Take(_ context.Context, _ ratelimit.Keys) (ratelimit.Decision, error) {
	if r.charged == r.most {
		return ratelimit.Decision{RetryAfter: time.Second}, nil
	}
	r.charged++
	return ratelimit.Decision{Allowed: true}, nil
}

func (r *rig) Refund(context.Context, ratelimit.Keys) error {
	r.charged--
	return nil
}

func (r *rig) Gate(_ context.Context, text, host string) (*verify.Identity, int64, error) {
	if who, ok := r.gates[host][text]; ok {
		return who, 7, nil
	}
	return nil, 0, ticket.ErrGate
}

func (r *rig) Versioned(_ context.Context, text string) (*verify.Identity, int64, error) {
	if who, ok := r.own[text]; ok {
		return who, 7, nil
	}
	return nil, 0, session.ErrEnded
}

func (r *rig) Bearer(_ context.Context, p *authn.Presented, audience string) (Bearer, error) {
	if b, ok := r.token[p.Token+" "+audience]; ok {
		return b, nil
	}
	return Bearer{}, errors.New("not a token")
}

func (r *rig) Sign(_ context.Context, typ string, payload []byte) (string, error) {
	r.sign++
	return typ + "." + string(payload), nil
}

func (r *rig) ada() *verify.Identity {
	who := verify.NewIdentity(verify.Claims{
		Kind: verify.User, Subject: user.NewID(r.now).String(), Name: "Ada\r\nX: Lovelace", Email: "ada@example.test", EmailVerified: true, Roles: []string{"editor"},
		Permissions: []string{"posts:read"}, Organizations: []verify.Organization{{ID: "org_1", Slug: "acme", Roles: []string{"owner"}}},
		Session: session.NewID(r.now).String(), Methods: []string{"pwd"}, Assurance: 1, AuthenticatedAt: r.now.Add(-time.Minute),
	})
	return &who
}

// enter gives somebody a gate into a host.
func (r *rig) enter(host, text string, who *verify.Identity) {
	if r.gates[host] == nil {
		r.gates[host] = map[string]*verify.Identity{}
	}
	r.gates[host][text] = who
}

// rows is ticket.Store with the conditions of the real one.
type rows struct {
	ticket.Store
	all   []*ticket.Parked
	spent map[secret.Digest]bool
	gates []ticket.Gate
}

func (s *rows) Park(_ context.Context, p ticket.Parked) error {
	s.all = append(s.all, &p)
	return nil
}

func (s *rows) find(fits func(*ticket.Parked) bool) *ticket.Parked {
	for _, p := range s.all {
		if fits(p) && !s.spent[p.Ticket] {
			return p
		}
	}
	return nil
}

func (s *rows) ByHandle(_ context.Context, h secret.Digest, now time.Time) (ticket.Parked, error) {
	if p := s.find(func(p *ticket.Parked) bool { return p.Handle == h && now.Before(p.ExpiresAt) }); p != nil {
		return *p, nil
	}
	return ticket.Parked{}, ticket.ErrParked
}

func (s *rows) ByTicket(_ context.Context, t secret.Digest, now time.Time) (ticket.Parked, error) {
	if p := s.find(func(p *ticket.Parked) bool { return p.Ticket == t && now.Before(p.Until) }); p != nil {
		return *p, nil
	}
	return ticket.Parked{}, ticket.ErrTicket
}

func (s *rows) Bind(_ context.Context, old, handle, nonce secret.Digest, _ time.Time) error {
	p := s.find(func(p *ticket.Parked) bool { return p.Handle == old && p.Nonce.IsZero() })
	if p == nil {
		return ticket.ErrParked
	}
	p.Handle, p.Nonce = handle, nonce
	return nil
}

func (s *rows) Issue(_ context.Context, handle, t secret.Digest, sid [16]byte, owner user.ID, until, _ time.Time) error {
	p := s.find(func(p *ticket.Parked) bool { return p.Handle == handle && !p.Nonce.IsZero() })
	if p == nil {
		return ticket.ErrParked
	}
	p.Ticket, p.Session, p.User, p.Until = t, sid, owner, until
	return nil
}

func (s *rows) Redeem(_ context.Context, p ticket.Parked, g ticket.Gate, _ time.Time, _ audit.Event) error {
	if s.spent == nil {
		s.spent = map[secret.Digest]bool{}
	}
	s.spent[p.Ticket] = true
	s.gates = append(s.gates, g)
	return nil
}
