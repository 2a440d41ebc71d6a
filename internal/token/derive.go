package token

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
)

var (
	// Exchanged and ExchangeDenied are of RFC 8693 (AU-5).
	Exchanged      = audit.Define("exchange.issued", audit.Info, "")
	ExchangeDenied = audit.Define("exchange.denied", audit.Warning, "")
)

// Derivation is an access token made of a person's living one for another API
// (RFC 8693).
type Derivation struct {
	Subject   *jwt.Access // verified, and allowed to be exchanged
	Client    Own         // that gets it
	Actor     *jwt.Actor  // whole chain; nil: it says of nobody who acts
	Audiences []string
	Scope     string // part of the subject's
	JKT, X5T  string
	Source    audit.Source
}

// Derive mints the token. It inherits grant, session, versions and authority of
// its ancestor (TH-13), and lives no longer. It is a JWT whatever the rules: an
// opaque one would be ErrTarget. ErrBirth when the grant is over.
func (s *Grants) Derive(ctx context.Context, d Derivation) (Issued, error) {
	id, err := ParseID(d.Subject.Grant)
	if err != nil {
		return Issued{}, ErrRefused.Because(err)
	}
	rules, err := s.Resources.Access(ctx, d.Client.Client, d.Audiences)
	switch {
	case err != nil:
		return Issued{}, err
	case rules.Opaque:
		return Issued{}, ErrTarget.Becausef("opaque tokens are not exchanged for")
	}
	now := s.now()
	issued := now.Truncate(time.Second)
	expires := issued.Add(min(max(rules.Lifetime, MinLifetime), MaxLifetime))
	if last := time.Unix(d.Subject.Expiry, 0).UTC(); last.Before(expires) {
		expires = last
	}
	ev := audit.New(Exchanged, now, audit.Actor{Type: audit.ActorClient, ID: d.Client.Client}, d.Source, d.Subject.Subject).InSession(d.Subject.Session)
	ev.Client = d.Client.Client
	ev = ev.With("grant", d.Subject.Grant).With("from", d.Subject.ClientID)
	if d.Actor != nil {
		ev = ev.With("actor", d.Actor.Subject)
	}
	if err := s.Store.Derive(ctx, id, d.Audiences, expires, now, ev); err != nil {
		return Issued{}, err
	}
	c := d.Subject.Clone()
	var jti AccessID
	secret.Fill(jti[:])
	c.ClientID, c.ClientVersion, c.Audience, c.Scope, c.Actor, c.KeyID = d.Client.Client, d.Client.ClientVersion, d.Audiences, d.Scope, d.Actor, ""
	c.ID, c.IssuedAt, c.NotBefore, c.Expiry, c.JKT, c.X5T = jti.String(), issued.Unix(), issued.Unix(), expires.Unix(), d.JKT, d.X5T
	payload := c.Append(nil)
	if len(payload) > maxPayload {
		return Issued{}, ErrTooLarge.Becausef("%d bytes of claims", len(payload))
	}
	text, err := s.Signer.Sign(ctx, rules.Algorithm, jwt.TypeAccess, payload)
	g := Grant{ID: id, Client: c.ClientID, Audiences: d.Audiences, Scope: d.Scope}
	return Issued{Grant: g, ID: jti, Access: secret.NewText(text), JKT: d.JKT, Scope: d.Scope, Audiences: d.Audiences, IssuedAt: issued, ExpiresAt: expires}, err
}

// Derived reports whether a verified token was made for another client than the
// grant's. ErrUnknown when there is no such grant.
func (s *Grants) Derived(ctx context.Context, claims *jwt.Access) (bool, error) {
	id, err := ParseID(claims.Grant)
	if err != nil {
		return false, errors.Join(ErrUnknown, err)
	}
	g, _, err := s.Store.ByID(ctx, id, s.now())
	return err == nil && g.Client != claims.ClientID, err
}
