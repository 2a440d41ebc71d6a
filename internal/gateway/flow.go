package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/verify"
)

// Sites finds protected hosts; see site.Book.
type Sites interface {
	Site(ctx context.Context, host string) (*site.Compiled, error)
}

// People answers who holds a cookie, and the version that tokens of that account
// carry; see authn.Authenticator. When the version rises, the Identity is another.
type People interface {
	// Known is Gate from memory alone; false when the store would have to be asked.
	Known(ctx context.Context, text, host string) (who *verify.Identity, version int64, ok bool)
	Versioned(ctx context.Context, text string) (who *verify.Identity, version int64, err error)
	Gate(ctx context.Context, text, host string) (who *verify.Identity, version int64, err error)
}

// Bearer is who a token speaks for.
type Bearer struct {
	Identity *verify.Identity // shared; the same pointer while nothing about it changed
	Version  int64            // of the account's tokens (TH-3); 0: the subject has none
	Scopes   []string
}

// Tokens checks access tokens, and the proofs of those bound to a key. Anything but a live token for this audience is an
// error of kind Unauthenticated.
type Tokens interface {
	Bearer(ctx context.Context, p *authn.Presented, audience string) (Bearer, error)
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
	Rates    ratelimit.Store // of look-ups that fail
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
	Version  int64            // of the tokens of whoever is known
	Letter   *Letter          // what the upstream is told; never nil when it may pass

	// For whoever may read why it was refused.
	Stage Stage
	Rule  int              // that decided; counted from 1, 0: none did
	Found *verify.Identity // who asked, as far as that was found out
}

// Stage is what is checked, in order.
type Stage int

// The stages.
const (
	AtSite Stage = iota
	AtAddress
	AtScheme
	AtRule
	AtCredential
	AtOrigin
	AtRequirements
	AtIdentity // the signed one
)

// Decide judges one request. It does not touch the store while the session, the
// rules and the freshness proof are warm.
func (f *Flow) Decide(ctx context.Context, o *Original) Decision {
	var d Decision
	d.Err = f.decide(ctx, o, &d)
	if d.Err == nil {
		d.Stage = AtIdentity
		d.Letter, d.Err = f.letter(ctx, d.Identity, d.Version, d.Site)
	}
	if d.Err != nil {
		d.SignIn = d.Site != nil && o.Navigate && !o.unsafe() && o.Token.Token == "" && errors.Is(d.Err, ErrSignIn)
		d.Identity, d.Letter = nil, nil
	}
	return d
}

func (f *Flow) decide(ctx context.Context, o *Original, d *Decision) error {
	s, err := f.o.Sites.Site(ctx, o.Host)
	if err != nil {
		if errors.Is(err, site.ErrUnknown) {
			return ErrDenied.Because(err).Comparing("a host among the sites", o.Host)
		}
		return err
	}
	d.Stage = AtAddress
	path, err := site.Path(o.Target)
	if err != nil {
		return err
	}
	d.Stage = AtScheme
	if o.Scheme != f.o.Scheme {
		return ErrScheme.Comparing(f.o.Scheme, o.Scheme)
	}
	d.Site, d.Stage = s, AtRule
	rule := s.Match(path, o.Method, o.Client)
	if rule == nil {
		return ErrDenied.Becausef("no rule of %s fits", s.Host).Comparing("a rule that fits path, method and network", fmt.Sprintf("%s from %s", o.Method, o.Client))
	}
	d.Rule = rule.Number
	if rule.Action != site.Allow && rule.Action != site.Require {
		return ErrDenied.Becausef("rule %d of %s", rule.Number, s.Host).Comparing("a rule that lets pass", "action "+string(rule.Action))
	}
	d.Stage = AtCredential
	if rule.Action == site.Allow {
		return f.greet(ctx, o, d)
	}
	return f.demand(ctx, o, d, rule)
}

// greet lets anybody pass. Whoever is signed in is named, unless another site's
// page may have sent the request; a token may be the upstream's own.
func (f *Flow) greet(ctx context.Context, o *Original, d *Decision) error {
	if o.Upgrade && !o.sameOrigin(false) {
		return f.crossSite(o, d)
	}
	if o.Token.Token != "" || !o.sameOrigin(true) {
		return nil
	}
	if who, version, err := f.cookie(ctx, o, d.Site); err == nil {
		d.Identity, d.Version = who, version
	}
	return nil
}

// demand finds out who it is and holds that against the rule.
func (f *Flow) demand(ctx context.Context, o *Original, d *Decision, rule *site.Numbered) error {
	who, cookie, err := f.who(ctx, o, d.Site)
	if err != nil {
		return err
	}
	d.Found = who.Identity
	if !o.sameOrigin(cookie) {
		return f.crossSite(o, d)
	}
	d.Stage = AtRequirements
	if err := f.fulfils(who, cookie, rule); err != nil {
		return err
	}
	d.Identity, d.Version = who.Identity, who.Version
	return nil
}

func (f *Flow) crossSite(o *Original, d *Decision) error {
	d.Stage = AtOrigin
	return ErrCrossSite.Becausef("%s, upgrade %v", o.Method, o.Upgrade).
		Comparing(o.Scheme+"://"+o.Host, fmt.Sprintf("Origin %q, Sec-Fetch-Site %q", o.Origin, o.Site))
}

// audience is what tokens and signed identities for a site are meant for.
func (f *Flow) audience(s *site.Compiled) string {
	if s.Audience != "" {
		return s.Audience
	}
	return f.o.Scheme + "://" + s.Host
}
