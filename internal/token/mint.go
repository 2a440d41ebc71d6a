package token

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
)

// minted is an access token before its signature.
type minted struct {
	id      AccessID
	wanted  Wanted
	alg     jose.Algorithm
	issued  time.Time
	expires time.Time
	opaque  *Opaque // nil for a JWT
	text    string  // of an opaque one
}

// Rules of the access tokens of a client for some audiences.
func (s *Grants) Rules(ctx context.Context, client string, audiences []string) (Rules, error) {
	return s.Resources.Access(ctx, client, audiences)
}

// mint decides all of an access token that needs no store, by rules known
// already or asked for.
func (s *Grants) mint(ctx context.Context, g *Grant, w Wanted, known *Rules, now time.Time) (*minted, error) {
	w, err := w.narrowed(g)
	if err != nil {
		return nil, err
	}
	if known == nil {
		rules, err := s.Resources.Access(ctx, g.Client, w.Audiences)
		if err != nil {
			return nil, err
		}
		known = &rules
	}
	rules := *known
	// Tokens count in seconds; both ends are cut, so that none outlives what was
	// recorded, or the grant.
	m := &minted{wanted: w, alg: rules.Algorithm, issued: now.Truncate(time.Second)}
	m.expires = m.issued.Add(min(max(rules.Lifetime, MinLifetime), MaxLifetime))
	if !g.ExpiresAt.IsZero() && g.ExpiresAt.Before(m.expires) {
		m.expires = g.ExpiresAt.Truncate(time.Second)
	}
	secret.Fill(m.id[:])
	if rules.Opaque {
		c := secret.NewCredential(secret.OpaqueAccessToken)
		m.text = c.Reveal()
		m.opaque = &Opaque{
			ID: m.id, Digest: c.Digest(s.options.Instance), Grant: g.ID, Audiences: w.Audiences, Scope: w.Scope,
			JKT: w.JKT, X5T: w.X5T, IssuedAt: m.issued, ExpiresAt: m.expires,
		}
	}
	return m, nil
}

// maxPayload leaves room for header and the largest signature in 4 KiB (JW-30).
const maxPayload = 2700

// sign makes the text. Organisations that do not fit are left out, the last
// first: less authority, never more.
func (s *Grants) sign(ctx context.Context, g *Grant, m *minted, a Authority) (string, error) {
	if m.opaque != nil {
		return m.text, nil
	}
	claims := s.claims(g, a, m.wanted, m.id, m.issued, m.expires)
	payload := claims.Append(nil)
	for len(payload) > maxPayload && len(claims.Org) > 0 {
		claims.Org = claims.Org[:len(claims.Org)-1]
		payload = claims.Append(payload[:0])
	}
	if len(payload) > maxPayload {
		return "", ErrTooLarge.Becausef("%d bytes of claims for %s", len(payload), g.User)
	}
	return s.Signer.Sign(ctx, m.alg, jwt.TypeAccess, payload)
}

// claims says the same of an opaque token as of a JWT. It holds nothing personal
// (JW-31). sid is only in tokens that must die with the session (TH-13).
func (s *Grants) claims(g *Grant, a Authority, w Wanted, id AccessID, issued, expires time.Time) *jwt.Access {
	c := &jwt.Access{
		Issuer: s.options.Issuer, ClientID: g.Client, Audience: w.Audiences, ID: id.String(),
		Expiry: expires.Unix(), IssuedAt: issued.Unix(), NotBefore: issued.Unix(), Scope: w.Scope,
		Details: string(g.Details), Asked: asksUserInfo(g.Claims),
		UserVersion: a.TokenVersion, ClientVersion: a.ClientVersion, JKT: w.JKT, X5T: w.X5T,
	}
	if g.User.IsZero() {
		c.Subject = g.Client // nobody else is behind it (RFC 9068 section 5)
		return c
	}
	c.Subject, c.Session, c.Grant = g.User.String(), g.Session.String(), g.ID.String()
	c.AuthTime, c.ACR, c.AMR, c.Roles = g.AuthTime.Unix(), g.ACR, g.Methods, a.Roles
	for _, o := range a.Organizations {
		c.Org = append(c.Org, jwt.Org{ID: o.ID, Slug: o.Slug, Roles: o.Roles})
	}
	return c
}

// Described is what an access token of a grant would say. It is no token: it has no
// times and names no grant.
func (s *Grants) Described(g Grant, a Authority) *jwt.Access {
	c := s.claims(&g, a, Wanted{Scope: g.Scope, Audiences: g.Audiences}, AccessID{}, time.Unix(0, 0), time.Unix(0, 0))
	c.AuthTime = 0
	return c
}

// Opaque returns the claims of a living opaque access token, read from the
// store, with the authority of this moment. ErrUnknown for all else.
func (s *Grants) Opaque(ctx context.Context, text string) (*jwt.Access, error) {
	c, err := secret.ParseCredential(secret.OpaqueAccessToken, text)
	if err != nil {
		return nil, ErrUnknown.Because(err)
	}
	d, now := c.Digest(s.options.Instance), s.now()
	o, g, a, err := s.Store.ByAccess(ctx, d, now)
	if errors.Is(err, ErrUnknown) {
		if o, err = s.Store.OwnByAccess(ctx, d, now); err == nil {
			return s.ownClaims(o), nil
		}
	}
	if err != nil {
		return nil, err
	}
	return s.claims(&g, a, Wanted{Scope: o.Scope, Audiences: o.Audiences, JKT: o.JKT, X5T: o.X5T}, o.ID, o.IssuedAt, o.ExpiresAt), nil
}

// asksUserInfo reports whether claims were asked for by name from UserInfo, so
// that the tokens say where to look.
func asksUserInfo(parameter json.RawMessage) bool {
	if len(parameter) == 0 {
		return false
	}
	asked, err := claims.Parse(string(parameter))
	return err == nil && len(asked.UserInfo) > 0
}
