package authorize

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

const (
	issuer    = "https://id.example.org"
	callback  = "https://client.example.org/cb"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// shelf keeps in memory what the flow needs kept, for one goroutine.
type shelf struct {
	authcode.Store // only Insert
	requests       map[secret.Digest]authreq.Request
	sessions       map[session.ID]session.Session
	clients        map[string]client.Client
	consents       map[string]consent.Consent
	codes          []authcode.Code
	down           error // what asking for consents answers; nil: they are there
}

func (s *shelf) Insert(_ context.Context, c authcode.Code, _ audit.Event) error {
	live := s.sessions[session.ID(c.Session)]
	if live.ID.IsZero() || live.User != c.User || !live.EndedAt.IsZero() {
		return authcode.ErrBirth
	}
	s.codes = append(s.codes, c)
	return nil
}

type requestShelf struct{ *shelf }

func (s requestShelf) Insert(_ context.Context, r authreq.Request) error {
	s.requests[r.Handle] = r
	return nil
}

func (s requestShelf) ByHandle(_ context.Context, d secret.Digest) (authreq.Request, error) {
	r, ok := s.requests[d]
	if !ok {
		return r, authreq.ErrUnknown
	}
	return r, nil
}

func (s requestShelf) Offer(_ context.Context, d secret.Digest, now time.Time) error {
	r := s.requests[d]
	r.OfferedAt = now
	s.requests[d] = r
	return nil
}

func (s requestShelf) Complete(_ context.Context, r authreq.Request, now time.Time) error {
	own, ok := s.requests[r.Handle]
	origin := s.requests[r.Origin]
	if !ok || own.Over(now) || !origin.CompletedAt.IsZero() {
		return authreq.ErrOver
	}
	own.CompletedAt, origin.CompletedAt = now, now
	if s.requests[r.Handle] = own; !r.Origin.IsZero() {
		s.requests[r.Origin] = origin
	}
	return nil
}

func (requestShelf) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

type consentShelf struct {
	consent.Store // only Get and Put
	*shelf
}

func (s consentShelf) Get(_ context.Context, u user.ID, id string) (consent.Consent, error) {
	c, ok := s.consents[u.String()+id]
	if s.down != nil {
		return c, s.down
	}
	if !ok {
		return c, consent.ErrNone
	}
	return c, nil
}

func (s consentShelf) Put(_ context.Context, c consent.Consent, _ audit.Event) error {
	s.consents[c.User.String()+c.Client] = s.consents[c.User.String()+c.Client].With(c)
	kept := s.consents[c.User.String()+c.Client]
	kept.User, kept.Client = c.User, c.Client
	s.consents[c.User.String()+c.Client] = kept
	return nil
}

func (s *shelf) AuthRequests() authreq.Store { return requestShelf{s} }
func (s *shelf) Codes() authcode.Store       { return s }
func (s *shelf) Consents() consent.Store     { return consentShelf{shelf: s} }

func (s *shelf) ByID(_ context.Context, id session.ID) (session.Session, error) {
	found, ok := s.sessions[id]
	if !ok {
		return found, session.ErrUnknown
	}
	return found, nil
}

func (s *shelf) Client(_ context.Context, id string) (client.Client, error) {
	c, ok := s.clients[id]
	if !ok {
		return c, client.ErrUnknown
	}
	return c, nil
}

func (*shelf) Resource(_ context.Context, identifier string) (resource.Resource, error) {
	if identifier != "https://bank.example.org" {
		return resource.Resource{}, resource.ErrUnknown
	}
	return resource.Resource{Identifier: identifier, Name: "Bank", DetailTypes: []resource.DetailType{payment}}, nil
}

func (*shelf) Scope(context.Context, string) (resource.Scope, error) {
	return resource.Scope{}, resource.ErrScopeUnknown
}

type unlimited struct{ ratelimit.Store }

func (unlimited) Take(context.Context, ratelimit.Keys) (ratelimit.Decision, error) {
	return ratelimit.Decision{Allowed: true}, nil
}

var payment = resource.DetailType{Type: "payment", Description: "Pay", Fields: []resource.DetailField{
	{Name: "to", Description: "To", Kind: resource.DetailText, Required: true},
	{Name: "amount", Description: "Amount", Kind: resource.DetailObject, Fields: []resource.DetailField{{Name: "value", Description: "value", Kind: resource.DetailNumber}}},
	{Name: "tags", Description: "Tags", Kind: resource.DetailTexts},
	{Name: "now", Description: "Now", Kind: resource.DetailBoolean},
}}

type rig struct {
	*Flow
	*shelf
	now time.Time
}

func newRig(testing.TB) *rig {
	r := &rig{now: time.Date(2033, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.shelf = &shelf{
		requests: map[secret.Digest]authreq.Request{}, sessions: map[session.ID]session.Session{}, clients: map[string]client.Client{}, consents: map[string]consent.Consent{},
	}
	base := client.Client{
		Name: "App", Type: client.Web, Auth: client.AuthBasic, Profile: client.OAuth21, Grants: []string{client.GrantCode, client.GrantRefresh},
		Responses: []string{"code"}, Scopes: []string{"offline_access", "openid", "profile"}, Resources: []string{"https://bank.example.org"},
		RedirectURIs: []string{callback}, Version: 1, Metadata: client.Metadata{DetailTypes: []string{"payment"}},
	}
	for id, change := range map[client.ID]func(*client.Client){
		"house": func(c *client.Client) { c.FirstParty = true },
		"rp":    func(*client.Client) {},
		"dyn":   func(c *client.Client) { c.ManagedBy = client.ByRegistration },
		"phone": func(c *client.Client) {
			c.Auth, c.Type, c.RedirectURIs = client.AuthNone, client.Native, []string{"http://127.0.0.1/cb"}
		},
	} {
		c := base
		c.ID = id
		change(&c)
		r.clients[string(id)] = c
	}
	r.Flow = New(Options{
		Issuer: issuer, Registry: r.shelf, Scopes: r.shelf, Requests: requestShelf{r.shelf}, Sessions: r.shelf, Consents: consentShelf{shelf: r.shelf},
		Codes: authcode.New(r.shelf, [16]byte{}, func() time.Time { return r.now }),
		InTx:  func(_ context.Context, fn func(Tx) error) error { return fn(r.shelf) },
		Keys:  func() jose.Keys { return jose.NewKeySet() }, SignUp: true, Rates: unlimited{}, Now: func() time.Time { return r.now },
		Record: func(context.Context, audit.Event) error { return nil }, Log: slog.New(slog.DiscardHandler),
	})
	return r
}

// signIn makes a session of u, proven now.
func (r *rig) signIn(u user.ID) *Who {
	s := session.Session{
		ID: session.NewID(r.now), User: u, UserVersion: 1, Methods: []string{"pwd"}, Assurance: 1, AuthenticatedAt: r.now, CreatedAt: r.now,
		LastSeenAt: r.now, IdleTimeout: 24 * time.Hour, ExpiresAt: r.now.Add(100 * time.Hour),
	}
	r.sessions[s.ID] = s
	return &Who{User: u, Session: s.ID}
}

func wanting(id, redirect string) Params {
	return Params{
		"client_id": {id}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
}
