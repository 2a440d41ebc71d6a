package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
)

// Request is a request to the token endpoint, with each parameter at most once.
type Request struct {
	Client   client.Credentials
	Form     map[string]string // parameters that may come once; empty ones are absent
	Resource []string          // RFC 8707: the one that may be repeated
	Proofs   []string          // the DPoP headers (RFC 9449)
	Source   audit.Source
}

// Tokens is the answer to it. It holds secrets: it is never logged or kept.
type Tokens struct {
	Access    secret.Text
	Type      string // Bearer or DPoP
	ExpiresIn time.Duration
	Refresh   secret.Text // empty: there is none, or the one presented stays
	ID        secret.Text // empty: openid was not granted
	Issued    string      // issued_token_type of RFC 8693; empty: not by exchange
	Scope     string
	Details   json.RawMessage // authorization_details granted; nil: none
	Audiences []string
	Grant     token.ID
	Session   token.SessionID // zero: outlives it
	// RefreshUntil is when the refresh token ends at the latest.
	RefreshUntil time.Time
	// Nonce is for the client's next proof; empty: the one it has will do.
	Nonce string
}

// Hook is what one grant type adds to the pipeline: it proves whose access it is
// and mints. The client is authenticated and registered for the type.
type Hook func(ctx context.Context, c *caller, r Request) (token.Issued, error)

// Token answers the token endpoint: RFC 6749 section 5. Its refusals are the
// registered errors, ratelimit.ErrLimited, or that the store does not answer.
func (f *Flow) Token(ctx context.Context, r Request) (Tokens, error) {
	c, err := f.authenticate(ctx, r.Client, r.Source)
	if err != nil {
		return Tokens{}, Registered(err)
	}
	grant := r.Form["grant_type"]
	hook, ok := f.hooks[grant]
	switch {
	case grant == "":
		return Tokens{}, ErrInvalidRequest.Becausef("no grant_type")
	case !ok:
		return Tokens{}, ErrUnsupportedGrant
	case !c.May(grant):
		return Tokens{}, ErrUnauthorized.Comparing(grant, strings.Join(c.Grants, " "))
	}
	proven, err := f.Prove(ctx, c.Client, r.Proofs, "/oauth2/token", r.Source)
	if err != nil {
		if errors.Is(err, ErrNonce) {
			f.done(ctx, c) // how a client learns its first nonce
		}
		return Tokens{}, err
	}
	c.jkt = proven.JKT
	issued, err := hook(ctx, c, r)
	if err != nil {
		return Tokens{}, Registered(err)
	}
	out, err := f.complete(ctx, c.Client, issued, c.login)
	if err != nil {
		return Tokens{}, err
	}
	if grant == client.GrantExchange {
		out.Issued = TypeAccessToken
	}
	f.done(ctx, c)
	out.Nonce = proven.Nonce
	return out, nil
}

// refresh is the hook of refresh_token (RFC 6749 section 6).
func (f *Flow) refresh(ctx context.Context, c *caller, r Request) (token.Issued, error) {
	if r.Form["refresh_token"] == "" {
		return token.Issued{}, ErrInvalidRequest.Becausef("no refresh_token")
	}
	return f.renew(ctx, c, r.Form["refresh_token"], r.Form["scope"], r.Resource)
}

// renew uses a refresh token and notes that its session was used.
func (f *Flow) renew(ctx context.Context, c *caller, text, scope string, audiences []string) (token.Issued, error) {
	if scope != "" {
		names, err := resource.ParseScopes(scope)
		if err != nil {
			return token.Issued{}, err
		}
		scope = resource.FormatScopes(names)
	}
	issued, err := f.o.Grants.Refresh(ctx, token.Request{
		Token: text, Client: string(c.ID), Authenticated: c.proven, Least: c.Assurance, Source: c.source,
		Wanted: token.Wanted{Scope: scope, Audiences: audiences, JKT: c.jkt},
	})
	if err == nil && !issued.Grant.Session.IsZero() && f.o.Used != nil {
		f.o.Used(ctx, issued.Grant.Session)
	}
	return issued, err
}

// answer completes what was minted, with an ID token when openid was granted.
func (f *Flow) answer(ctx context.Context, c client.Client, i token.Issued) (Tokens, error) {
	return f.complete(ctx, c, i, login{})
}

func (f *Flow) complete(ctx context.Context, c client.Client, i token.Issued, of login) (Tokens, error) {
	out := Tokens{
		Access: i.Access, Type: "Bearer", ExpiresIn: i.ExpiresAt.Sub(i.IssuedAt), Scope: i.Scope, Audiences: i.Audiences, Details: i.Grant.Details,
		Grant: i.Grant.ID, Session: i.Grant.Session, RefreshUntil: i.Grant.ExpiresAt,
	}
	if i.JKT != "" {
		out.Type = "DPoP"
	}
	if !i.Refresh.IsZero() {
		out.Refresh = secret.NewText(i.Refresh.Reveal())
	}
	if claims.HasScope(i.Scope, openid) {
		id, err := f.idToken(ctx, c, i, of)
		if err != nil {
			return Tokens{}, err
		}
		out.ID = secret.NewText(id)
	}
	return out, nil
}
