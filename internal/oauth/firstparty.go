package oauth

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
)

// FirstParty asks for tokens at the end of our own sign-in (TH-34).
type FirstParty struct {
	Client   string
	Origin   string // as the browser sent it; empty: a native app
	Scope    string // empty: all the client is registered for
	Resource []string
}

// Delivery hands a sign-in's session over as tokens. It serves one sign-in.
type Delivery struct {
	flow      *Flow
	client    client.Client
	scope     string
	audiences []string
	rules     token.Rules
	pending   token.Pending
}

// Deliver checks, before anybody's password is looked at, that this client may
// sign people in and from there. Only first-party public clients may, browsers
// only from an origin of the client; never for more than the client is
// registered for, so never for what another party would have to consent to.
func (f *Flow) Deliver(ctx context.Context, want FirstParty) (*Delivery, error) {
	c, err := f.o.Registry.Client(ctx, want.Client)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, ErrNotFirstParty.Because(err)
	case err != nil:
		return nil, err
	case c.Disabled || !c.FirstParty || !c.Public() || !c.May(client.GrantRefresh):
		return nil, ErrNotFirstParty.Becausef("client %s", c.ID)
	case mustProve(c):
		return nil, ErrProof.Becausef("client %s has bound tokens only, and a sign-in here brings no proof", c.ID)
	case want.Origin != "" && !c.Trusts(want.Origin):
		return nil, ErrOrigin.Comparing(join(c.Origins), want.Origin)
	}
	d := &Delivery{flow: f, client: c}
	if d.scope, err = scopesFor(c, want.Scope); err != nil {
		return nil, err
	}
	if d.audiences, err = f.audiencesFor(c, want.Resource); err != nil {
		return nil, err
	}
	// Asked now: In runs in a transaction, which must not wait for another
	// connection, nor fill what is kept in memory (TH-10).
	if d.rules, err = f.o.Grants.Rules(ctx, string(c.ID), d.audiences); err != nil {
		return nil, Registered(err)
	}
	return d, nil
}

func scopesFor(c client.Client, asked string) (string, error) {
	if asked == "" {
		return resource.FormatScopes(c.Scopes), nil
	}
	names, err := resource.ParseScopes(asked)
	if err != nil {
		return "", ErrInvalidScope.Because(err)
	}
	for _, name := range names {
		if !c.MayAsk(name) {
			return "", ErrInvalidScope.Comparing(join(c.Scopes), name)
		}
	}
	return resource.FormatScopes(names), nil
}

// audiencesFor are the resources asked for, or all the client has; who has none
// gets tokens for this instance's own API. A token for our own API is for nothing
// else: whoever is shown it could use it on the account.
func (f *Flow) audiencesFor(c client.Client, asked []string) ([]string, error) {
	for _, r := range asked {
		if !slices.Contains(c.Resources, r) && r != f.o.Issuer {
			return nil, ErrInvalidTarget.Comparing(join(c.Resources), r)
		}
	}
	audiences := asked
	if len(asked) == 0 {
		audiences = c.Resources
	}
	switch {
	case len(audiences) == 0:
		return []string{f.o.Issuer}, nil
	case len(audiences) > 1 && slices.Contains(audiences, f.o.Issuer):
		return nil, ErrInvalidTarget.Becausef("%s beside others", f.o.Issuer)
	}
	return audiences, nil
}

// Leads is nil when the client may be told an answer at page: one of its redirect
// URIs, or a page of one of its origins. ErrPage.
func (d *Delivery) Leads(page string) error {
	const most = 1024
	u, err := url.Parse(page)
	if len(page) > most || err != nil || u.Fragment != "" || u.User != nil {
		return ErrPage
	}
	if d.client.Matches(page) || u.Host != "" && d.client.Trusts(u.Scheme+"://"+u.Host) {
		return nil
	}
	return ErrPage.Comparing(join(append(slices.Clone(d.client.RedirectURIs), d.client.Origins...)), page)
}

// Assurance is what the client asks of a sign-in; 0: it asks for nothing.
func (d *Delivery) Assurance() int { return d.client.Assurance }

// In begins the grant in the transaction of the session's birth. It may run
// again.
func (d *Delivery) In(ctx context.Context, st token.Store, s session.Session, from audit.Source) (err error) {
	if s.Assurance < d.client.Assurance {
		return ErrAssurance.Becausef("assurance %d", s.Assurance)
	}
	d.pending, err = d.flow.o.Grants.BeginIn(ctx, st, token.Birth{
		User: s.User, UserVersion: s.UserVersion, Client: string(d.client.ID), ClientVersion: d.client.Version,
		Session: token.SessionID(s.ID), Audiences: d.audiences, Scope: d.scope, Sender: token.Sender{Kind: token.Unproven},
		Methods: s.Methods, ACR: ACR(s.Assurance), AuthTime: s.AuthenticatedAt, Refresh: true, Rules: &d.rules,
		Idle: d.client.RefreshIdle, Life: min(d.client.RefreshLife, s.ExpiresAt.Sub(s.CreatedAt)), Source: from,
	})
	return err
}

// Tokens signs what In began, after its commit.
func (d *Delivery) Tokens(ctx context.Context) (Tokens, error) {
	issued, err := d.pending.Sign(ctx)
	if err != nil {
		return Tokens{}, err
	}
	return d.flow.answer(ctx, d.client, issued)
}

// ACR is how a session's assurance is called in tokens: "1", "2", "3", as the
// metadata says.
func ACR(assurance int) string { return strconv.Itoa(assurance) }

// Renewal is a refresh by the cookie of a single-page app (TH-9).
type Renewal struct {
	Client string
	Origin string // as the browser sent it; required
	Token  string // value of the client's cookie
	Scope  string
	Source audit.Source
}

// Renew uses the refresh token in a single-page app's cookie. The origin must be
// one of the very client that owns the family. A cookie proves nothing (TH-5).
func (f *Flow) Renew(ctx context.Context, r Renewal) (Tokens, error) {
	c, err := f.browserClient(ctx, r)
	if err != nil {
		return Tokens{}, err
	}
	issued, err := f.renew(ctx, c, r.Token, r.Scope, nil)
	if err != nil {
		return Tokens{}, Registered(err)
	}
	out, err := f.answer(ctx, c.Client, issued)
	if err == nil {
		f.done(ctx, c)
	}
	return out, err
}

// Leave ends the grant in a single-page app's cookie, and says which session it
// hung on, so that it ends too.
func (f *Flow) Leave(ctx context.Context, r Renewal) (token.Grant, error) {
	c, err := f.browserClient(ctx, r)
	if err != nil {
		return token.Grant{}, err
	}
	g, err := f.o.Grants.Revoke(ctx, token.Request{Token: r.Token, Client: string(c.ID), Source: c.source})
	if err != nil {
		return token.Grant{}, Registered(err)
	}
	f.done(ctx, c)
	return g, nil
}

// FirstParty reports whether a client is one of ours, and on.
func (f *Flow) FirstParty(ctx context.Context, id string) (bool, error) {
	c, err := f.o.Registry.Client(ctx, id)
	if errors.Is(err, client.ErrUnknown) {
		return false, nil
	}
	return err == nil && c.FirstParty && !c.Disabled, err
}

// Trusts reports whether a client answers under an origin; for preflights.
func (f *Flow) Trusts(ctx context.Context, id, origin string) bool {
	c, err := f.o.Registry.Client(ctx, id)
	return err == nil && !c.Disabled && c.Trusts(origin)
}

func (f *Flow) browserClient(ctx context.Context, r Renewal) (*caller, error) {
	keys, err := f.charge(ctx, r.Client, r.Source)
	if err != nil {
		return nil, err
	}
	c, err := f.o.Registry.Client(ctx, r.Client)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, ErrOrigin.Because(err)
	case err != nil:
		return nil, err
	case mustProve(c):
		return nil, ErrProof.Becausef("client %s has bound tokens only", c.ID)
	case r.Origin == "" || c.Disabled || !c.Trusts(r.Origin):
		return nil, ErrOrigin.Comparing(join(c.Origins), r.Origin)
	}
	return &caller{Client: c, source: r.Source, keys: keys}, nil
}

func join(list []string) string {
	const most = 10
	out := ""
	for i, s := range list[:min(len(list), most)] {
		if i > 0 {
			out += " "
		}
		out += s
	}
	return out
}
