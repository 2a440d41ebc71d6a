package token

import (
	"context"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Birth is a grant as its flow has proven it.
type Birth struct {
	User          user.ID
	UserVersion   int64
	Client        string
	ClientVersion int64
	Session       SessionID // zero: offline
	Audiences     []string
	Scope         string
	Claims        json.RawMessage // the claims parameter; nil: none
	Details       json.RawMessage // authorization_details; nil: none
	Sender        Sender
	Methods       []string
	ACR           string
	AuthTime      time.Time
	// Refresh asks for a refresh token, Stays that it does not rotate; only a
	// proven sender's may stay (OA-44).
	Refresh, Stays bool
	Idle, Life     time.Duration // of the grant; both above 0
	Wanted         Wanted        // of the first access token
	// Rules of the first access token, for a caller who asked for them before its
	// transaction; nil: they are asked for.
	Rules  *Rules
	Source audit.Source
}

// grant checks b and makes the grant it describes.
func (b *Birth) grant(now time.Time) (Grant, error) {
	if b.User.IsZero() || b.Client == "" || !b.Sender.valid() || b.Idle <= 0 || b.Life <= 0 || b.Stays && !b.Sender.proven() {
		return Grant{}, ErrBirth.Becausef("a grant of %s with sender %q that stays: %v", b.Client, b.Sender.Kind, b.Stays)
	}
	g := Grant{
		ID: NewID(), User: b.User, UserVersion: b.UserVersion, Client: b.Client, ClientVersion: b.ClientVersion, Session: b.Session,
		Audiences: b.Audiences, Scope: b.Scope, Claims: b.Claims, Details: b.Details, Sender: b.Sender, Methods: b.Methods, ACR: b.ACR, AuthTime: b.AuthTime,
		CreatedAt: now, IdleTimeout: b.Idle, ExpiresAt: now.Add(b.Life), Rotates: !b.Stays,
	}
	g.Family.LapsesAt = g.lapses(now)
	return g, nil
}

// Issued is what a token endpoint answers with.
type Issued struct {
	Grant     Grant // as it was when the tokens were minted; for the ID token
	Authority Authority
	ID        AccessID
	Access    secret.Text
	JKT       string // of the DPoP key the access token is bound to; empty: none
	Scope     string
	Audiences []string
	IssuedAt  time.Time
	ExpiresAt time.Time
	Refresh   secret.Credential // zero: there is none, or the one presented stays
}

// Begin keeps a new grant and mints its first tokens. ErrBirth when the account,
// the client or the session is not any more what was proven.
func (s *Grants) Begin(ctx context.Context, b Birth) (Issued, error) {
	p, err := s.BeginIn(ctx, s.Store, b)
	if err != nil {
		return Issued{}, err
	}
	return p.Sign(ctx)
}

// Pending is minted and kept, and lacks its signature.
type Pending struct {
	grants *Grants
	issued Issued
	mint   *minted
}

// BeginIn is Begin in a transaction of the caller's, for example the one that
// redeems a code. Sign comes after its commit.
func (s *Grants) BeginIn(ctx context.Context, st Store, b Birth) (Pending, error) {
	now := s.now()
	g, err := b.grant(now)
	if err != nil {
		return Pending{}, err
	}
	m, err := s.mint(ctx, &g, b.Wanted, b.Rules, now)
	if err != nil {
		return Pending{}, err
	}
	var refresh secret.Credential
	if b.Refresh {
		t := newRefreshToken(s.Keys, g.ID, 1)
		refresh = t.text
		g.Family.Generation, g.Family.Digest = 1, t.text.Digest(s.options.Instance)
		g.Family.RotatedAt, g.Family.RotatedFrom = now, b.Source.IP
	}
	g.AccessUntil = m.expires
	authority, err := st.Begin(ctx, g, m.opaque, g.event(IssuedEvent, now, b.Source))
	if err != nil {
		return Pending{}, err
	}
	return s.pending(g, m, authority, refresh), nil
}

func (s *Grants) pending(g Grant, m *minted, a Authority, refresh secret.Credential) Pending {
	return Pending{s, Issued{
		Grant: g, Authority: a, ID: m.id, JKT: m.wanted.JKT, Scope: m.wanted.Scope,
		Audiences: m.wanted.Audiences, IssuedAt: m.issued, ExpiresAt: m.expires, Refresh: refresh,
	}, m}
}

// Grant is which grant was begun or renewed.
func (p Pending) Grant() ID { return p.issued.Grant.ID }

// Sign signs the access token. When it fails, or its answer is lost, presenting
// the refresh token once more has the same effect as the first time.
func (p Pending) Sign(ctx context.Context) (Issued, error) {
	text, err := p.grants.sign(ctx, &p.issued.Grant, p.mint, p.issued.Authority)
	if err != nil {
		return Issued{}, err
	}
	p.issued.Access = secret.NewText(text)
	return p.issued, nil
}
