package token

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
)

// OwnBirth is an access token of a client for itself (RFC 6749 section 4.4):
// there is no person, no grant and no refresh token.
type OwnBirth struct {
	Own
	Audiences []string
	Scope     string
	JKT, X5T  string // of the key that was proven; the token is bound to it
}

// IssueOwn mints an access token of a client's own. A JWT writes no row: its
// client's versions and its own id are what ends it. ErrBirth when the client is
// not any more what was proven.
func (s *Grants) IssueOwn(ctx context.Context, b OwnBirth) (Issued, error) {
	g := Grant{Client: b.Client, Audiences: b.Audiences, Scope: b.Scope, Sender: Sender{Kind: Client}}
	if b.JKT != "" {
		g.Sender = Sender{Kind: DPoP, Key: b.JKT}
	}
	m, err := s.mint(ctx, &g, Wanted{JKT: b.JKT, X5T: b.X5T}, nil, s.now())
	if err != nil {
		return Issued{}, err
	}
	if m.opaque != nil {
		m.opaque.Own = b.Own
		if err := s.Store.KeepOwn(ctx, *m.opaque); err != nil {
			return Issued{}, err
		}
	}
	return s.pending(g, m, Authority{TokenVersion: b.TokenVersion, ClientVersion: b.ClientVersion}, secret.Credential{}).Sign(ctx)
}

// ownClaims says the same of an opaque token as of a JWT.
func (s *Grants) ownClaims(o Opaque) *jwt.Access {
	g := Grant{Client: o.Own.Client}
	a := Authority{TokenVersion: o.Own.TokenVersion, ClientVersion: o.Own.ClientVersion}
	return s.claims(&g, a, Wanted{Scope: o.Scope, Audiences: o.Audiences, JKT: o.JKT, X5T: o.X5T}, o.ID, o.IssuedAt, o.ExpiresAt)
}

// OwnOf returns whose own token these verified claims are; false: a person's.
func OwnOf(a *jwt.Access) (Own, bool) {
	return Own{a.ClientID, a.ClientVersion, a.UserVersion}, a.Grant == "" && a.Subject == a.ClientID
}

// RevokeOwn makes a JWT of r's client's own void, whose claims have been verified
// (RFC 7009). ErrRefused when it is another's.
func (s *Grants) RevokeOwn(ctx context.Context, claims *jwt.Access, r Request) error {
	own, ok := OwnOf(claims)
	id, err := ParseAccessID(claims.ID)
	if !ok || err != nil || own.Client != r.Client {
		return ErrRefused.Becausef("not a token of the client's own")
	}
	return s.endOwn(ctx, own, id, secret.Digest{}, r.Source)
}

// revokeOwnOpaque is RevokeOpaque for a token without a grant.
func (s *Grants) revokeOwnOpaque(ctx context.Context, d secret.Digest, r Request) error {
	o, err := s.Store.OwnByAccess(ctx, d, s.now())
	if errors.Is(err, ErrUnknown) || err == nil && o.Own.Client != r.Client {
		return ErrRefused.Becausef("no access token of this client")
	}
	if err != nil {
		return err
	}
	return s.endOwn(ctx, o.Own, o.ID, d, r.Source)
}

func (s *Grants) endOwn(ctx context.Context, o Own, id AccessID, d secret.Digest, from audit.Source) error {
	now := s.now()
	ev := audit.New(RevokedEvent, now, audit.Actor{Type: audit.ActorClient, ID: o.Client}, from, "")
	ev.Client = o.Client
	err := s.Store.EndOwn(ctx, o, id, d, now, ev)
	if errors.Is(err, ErrUnknown) {
		return ErrRefused.Because(err)
	}
	return err
}
