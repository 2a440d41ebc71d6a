package oauth

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Introspection is what RFC 7662 tells of a token. The zero Introspection is
// {"active":false}: unknown, expired, revoked, or none of the caller's business
// (OA-60).
type Introspection struct {
	Active  bool
	Access  *jwt.Access // of an access token
	Refresh *RefreshInfo
}

// RefreshInfo is what a client may learn of its own refresh token.
type RefreshInfo struct {
	ClientID string
	Subject  string
	Scope    string
	Grant    string
	Expiry   int64
}

// Introspect tells an authenticated client about a token. A public client proves
// nothing and learns nothing.
func (f *Flow) Introspect(ctx context.Context, p Presented) (Introspection, error) {
	c, err := f.authenticate(ctx, p.Client, p.Source)
	if err != nil {
		return Introspection{}, Registered(err)
	}
	if !c.proven {
		return Introspection{}, client.ErrCredentials.Becausef("a public client")
	}
	if p.Token == "" {
		return Introspection{}, ErrInvalidRequest.Becausef("no token")
	}
	found, err := f.inspect(ctx, c, p.Token)
	if err != nil {
		return Introspection{}, err
	}
	f.done(ctx, c)
	return found, nil
}

func (f *Flow) inspect(ctx context.Context, c *caller, text string) (Introspection, error) {
	if secret.RefreshToken.Marks(text) {
		return f.inspectRefresh(ctx, c, text)
	}
	a, err := f.o.Checker.Access(ctx, text)
	if err != nil {
		return Introspection{}, unavailable(err)
	}
	mine, err := f.concerns(ctx, c, a)
	if err != nil || !mine {
		return Introspection{}, err
	}
	return Introspection{Active: true, Access: f.named(c.Client, a)}, nil
}

func (f *Flow) inspectRefresh(ctx context.Context, c *caller, text string) (Introspection, error) {
	g, err := f.o.Grants.Inspect(ctx, token.Request{Token: text, Client: string(c.ID), Authenticated: c.proven, Source: c.source})
	if err != nil {
		return Introspection{}, unavailable(err)
	}
	return Introspection{Active: true, Refresh: &RefreshInfo{
		ClientID: g.Client, Subject: f.Subject(c.Client, g.User), Scope: g.Scope, Grant: g.ID.String(), Expiry: g.Family.LapsesAt.Unix(),
	}}, nil
}

// named is a with the sub by which the asking client knows the person. Resources
// are told the account's id, whichever client the token is of.
func (f *Flow) named(c client.Client, a *jwt.Access) *jwt.Access {
	if !c.Pairwise() || a.ClientID != string(c.ID) {
		return a
	}
	owner, err := user.ParseID(a.Subject)
	if err != nil {
		return a // of a client
	}
	own := a.Clone()
	own.Subject = f.Subject(c, owner)
	return own
}

// concerns reports whether a token is for a resource that the client verifies, or
// the client's own.
func (f *Flow) concerns(ctx context.Context, c *caller, a *jwt.Access) (bool, error) {
	if a.ClientID == string(c.ID) {
		return true, nil
	}
	for _, audience := range a.Audience {
		if audience == f.userInfo {
			continue // nobody else verifies it
		}
		r, err := f.o.Registry.Resource(ctx, audience)
		switch {
		case errors.Is(err, resource.ErrUnknown):
		case err != nil:
			return false, err
		case r.Verifies(string(c.ID)):
			return true, nil
		}
	}
	return false, nil
}

// unavailable keeps only what says that nothing could be found out; every
// refusal is the same silence.
func unavailable(err error) error {
	if k := problem.Of(err).Kind; k == problem.Unavailable || k == problem.Internal {
		return err
	}
	return nil
}
