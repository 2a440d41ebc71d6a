package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/verify"
)

// Sites finds protected hosts; see site.Book.
type Sites interface {
	Site(ctx context.Context, host string) (*site.Compiled, error)
}

// People answers who holds a cookie; see authn.Authenticator.
type People interface {
	Session(ctx context.Context, text string) (*verify.Identity, error)
	Gate(ctx context.Context, text, host string) (*verify.Identity, error)
}

// Bearer is who a token speaks for.
type Bearer struct {
	Identity *verify.Identity // shared; the same pointer while nothing about it changed
	Scopes   []string
}

// Tokens checks bearer tokens. Anything but a live token for this audience is an
// error of kind Unauthenticated.
type Tokens interface {
	Bearer(ctx context.Context, token, audience string) (Bearer, error)
}

// Signer signs the identity for upstreams, by the key tokens are signed with.
type Signer interface {
	Sign(ctx context.Context, typ string, payload []byte) (string, error)
}

// Options configure a Flow. Tokens and Signer may be nil: then every bearer token
// is refused, and a site that wants a signed identity is closed.
type Options struct {
	Instance [16]byte
	Issuer   string // public URL
	Scheme   string // of the issuer and of every site
	OwnHost  string // of the issuer, in the form site.Host returns
	Sites    Sites
	People   People
	Tokens   Tokens
	Signer   Signer
	Tickets  ticket.Store
	Now      func() time.Time
	Log      *slog.Logger
}

// Flow decides. It is safe for concurrent use.
type Flow struct {
	o       Options
	letters letters
}

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o: o} }

// Decision is the answer to one Original.
type Decision struct {
	Err      error // nil: it may pass
	SignIn   bool  // a browser that should be sent to sign in
	Site     *site.Compiled
	Identity *verify.Identity // nil: nobody is known, and nobody had to be
	Letter   *Letter          // what the upstream is told; never nil when it may pass
}

// Decide judges one request. It does not touch the store while the session, the
// rules and the freshness proof are warm.
func (f *Flow) Decide(ctx context.Context, o *Original) Decision {
	var d Decision
	d.Err = f.decide(ctx, o, &d)
	if d.Err == nil {
		d.Letter, d.Err = f.letter(ctx, d.Identity, d.Site)
	}
	if d.Err != nil {
		d.SignIn = d.Site != nil && o.Navigate && !o.unsafe() && o.Bearer == "" && errors.Is(d.Err, ErrSignIn)
		d.Identity, d.Letter = nil, nil
	}
	return d
}

func (f *Flow) decide(ctx context.Context, o *Original, d *Decision) error {
	s, err := f.o.Sites.Site(ctx, o.Host)
	if err != nil {
		if errors.Is(err, site.ErrUnknown) {
			return ErrDenied.Because(err)
		}
		return err
	}
	path, err := site.Path(o.Target)
	if err != nil {
		return err
	}
	if o.Scheme != f.o.Scheme {
		return ErrScheme
	}
	d.Site = s
	rule := s.Match(path, o.Method, o.Client)
	if rule == nil || rule.Action != site.Allow && rule.Action != site.Require {
		return ErrDenied.Becausef("%s %s", o.Method, path)
	}
	if rule.Action == site.Allow {
		return f.greet(ctx, o, d)
	}
	return f.demand(ctx, o, d, rule)
}

// greet lets anybody pass. Whoever is signed in is named, unless another site's
// page may have sent the request; a token may be the upstream's own.
func (f *Flow) greet(ctx context.Context, o *Original, d *Decision) error {
	if o.Upgrade && !o.sameOrigin(false) {
		return ErrCrossSite
	}
	if o.Bearer != "" || !o.sameOrigin(true) {
		return nil
	}
	who, err := f.cookie(ctx, o, d.Site)
	if err == nil {
		d.Identity = who
	}
	return nil
}

// demand finds out who it is and holds that against the rule.
func (f *Flow) demand(ctx context.Context, o *Original, d *Decision, rule *site.Rule) error {
	who, cookie, err := f.who(ctx, o, d.Site)
	if err != nil {
		return err
	}
	if !o.sameOrigin(cookie) {
		return ErrCrossSite.Becausef("%s from %q, %q", o.Method, o.Origin, o.Site)
	}
	if err := f.fulfils(who, cookie, rule); err != nil {
		return err
	}
	d.Identity = who.Identity
	return nil
}

// who reads the one credential that counts: a token if there is one, else the
// cookie of this host.
func (f *Flow) who(ctx context.Context, o *Original, s *site.Compiled) (b Bearer, cookie bool, err error) {
	if o.Bearer == "" {
		b.Identity, err = f.cookie(ctx, o, s)
		return b, true, err
	}
	if f.o.Tokens == nil {
		return b, false, ErrToken
	}
	b, err = f.o.Tokens.Bearer(ctx, o.Bearer, f.audience(s))
	if err != nil && problem.Of(err).Kind != problem.Unavailable {
		err = ErrToken.Because(err)
	}
	return b, false, err
}

func (f *Flow) cookie(ctx context.Context, o *Original, s *site.Compiled) (who *verify.Identity, err error) {
	switch {
	case o.Gate != "":
		who, err = f.o.People.Gate(ctx, o.Gate, s.Host)
	case o.Session != "" && s.Host == f.o.OwnHost:
		who, err = f.o.People.Session(ctx, o.Session)
	default:
		return nil, ErrSignIn
	}
	if errors.Is(err, ticket.ErrGate) || errors.Is(err, session.ErrEnded) {
		return nil, ErrSignIn.Because(err)
	}
	return who, err
}

// audience is what tokens and signed identities for a site are meant for.
func (f *Flow) audience(s *site.Compiled) string {
	if s.Audience != "" {
		return s.Audience
	}
	return f.o.Scheme + "://" + s.Host
}

// fulfils holds a person against the requirements of a rule.
func (f *Flow) fulfils(b Bearer, cookie bool, r *site.Rule) error {
	who := b.Identity
	if len(r.Roles) > 0 && !some(r.Roles, who.HasRole) {
		return ErrLacking.Becausef("none of the roles %v", r.Roles)
	}
	for _, p := range r.Permissions {
		if !who.HasPermission(p) {
			return ErrLacking.Becausef("permission %s", p)
		}
	}
	for _, scope := range r.Scopes {
		if !cookie && !some(b.Scopes, func(s string) bool { return s == scope }) {
			return ErrLacking.Becausef("scope %s", scope)
		}
	}
	if r.Organization != "" && !inOrganization(who, r) {
		return ErrLacking.Becausef("organization %s %v", r.Organization, r.OrgRoles)
	}
	if who.Assurance < r.Assurance {
		return ErrAssurance.Becausef("%d of %d", who.Assurance, r.Assurance)
	}
	if r.FreshWithin > 0 && f.o.Now().Sub(who.AuthenticatedAt) > r.FreshWithin {
		return ErrStale
	}
	return nil
}

func inOrganization(who *verify.Identity, r *site.Rule) bool {
	if len(r.OrgRoles) == 0 {
		return who.HasOrganizationRole(r.Organization, "")
	}
	return some(r.OrgRoles, func(role string) bool { return who.HasOrganizationRole(r.Organization, role) })
}

func some(list []string, fits func(string) bool) bool {
	for _, s := range list {
		if fits(s) {
			return true
		}
	}
	return false
}
