package inspect

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Read is what the flow looks at.
type Read interface {
	Users() user.Store
	Sessions() session.Store
	Clients() client.Store
	Tokens() token.Store
}

// Keys are all signing keys there ever were; see signing.Ring.
type Keys interface {
	Keys(ctx context.Context) ([]signing.Key, error)
}

// Options configure an Inspector. All are required.
type Options struct {
	Issuer   string
	Instance [16]byte
	Read     Read
	Grants   *token.Grants
	Keys     Keys
	// Live returns what was revoked, as the store has it now.
	Live func(ctx context.Context) (*feed.Set, error)
	Now  func() time.Time
}

// Inspector inspects. It is safe for concurrent use.
type Inspector struct{ o Options }

// New makes an Inspector.
func New(o Options) *Inspector { return &Inspector{o} }

// Inspect tells what is known of text, which may be anything. An error says that
// something could not be found out.
func (s *Inspector) Inspect(ctx context.Context, text string) (Report, error) {
	text = strings.TrimSpace(text)
	var r Report
	var err error
	switch {
	case secret.RefreshToken.Marks(text):
		err = s.refresh(ctx, &r, text)
	case secret.OpaqueAccessToken.Marks(text):
		err = s.opaque(ctx, &r, text)
	case strings.Count(text, ".") == 2:
		err = s.jwt(ctx, &r, text)
	default:
		r.Kind = Unknown
		r.find(Malformed)
	}
	r.Valid = err == nil && len(r.Findings) == 0
	return r, err
}

func (s *Inspector) refresh(ctx context.Context, r *Report, text string) error {
	r.Kind = Refresh
	t, err := s.o.Grants.Trace(ctx, text)
	if errors.Is(err, token.ErrRefused) {
		r.find(NotOurs)
		return nil
	}
	if err != nil {
		return err
	}
	r.Generation = t.Generation
	if t.Unknown {
		r.Grant = t.Grant.ID.String()
		r.find(GrantGone)
		return nil
	}
	if !t.Newest {
		r.find(Replaced)
	}
	r.Scope, r.Audience, r.ExpiresAt = t.Grant.Scope, t.Grant.Audiences, t.Grant.Family.LapsesAt
	if !s.o.Now().Before(r.ExpiresAt) {
		r.find(Expired)
	}
	return s.grant(ctx, r, t.Grant, proven{user: t.Grant.UserVersion, client: t.Grant.ClientVersion, full: true})
}

func (s *Inspector) opaque(ctx context.Context, r *Report, text string) error {
	r.Kind = AccessOpaque
	c, err := secret.ParseCredential(secret.OpaqueAccessToken, text)
	if err != nil {
		r.find(Malformed)
		return nil //nolint:nilerr // that is the finding
	}
	d, now := c.Digest(s.o.Instance), s.o.Now().UTC()
	o, g, a, err := s.o.Read.Tokens().ByAccess(ctx, d, now)
	own := errors.Is(err, token.ErrUnknown)
	if own {
		o, err = s.o.Read.Tokens().OwnByAccess(ctx, d, now)
	}
	if errors.Is(err, token.ErrUnknown) {
		r.find(NotLiving)
		return nil
	}
	if err != nil {
		return err
	}
	r.ID, r.Scope, r.Audience, r.IssuedAt, r.ExpiresAt = o.ID.String(), o.Scope, o.Audiences, o.IssuedAt, o.ExpiresAt
	if own {
		return s.own(ctx, r, o.Own)
	}
	return s.grant(ctx, r, g, proven{user: a.TokenVersion, client: a.ClientVersion})
}

// jwt checks the signature with every key there ever was, at a time that fits the
// token, and asks each other question by itself.
func (s *Inspector) jwt(ctx context.Context, r *Report, text string) error {
	r.Kind = AccessJWT
	all, err := s.o.Keys.Keys(ctx)
	if err != nil {
		return err
	}
	c, err := jwt.VerifyAccess(text, keySet(all), jwt.Expect{Issuer: s.o.Issuer, AnyAudience: true, Now: issuedAt(text), Leeway: jwt.MaxLeeway})
	switch {
	case errors.Is(err, jose.ErrUnknownKey), errors.Is(err, jwt.ErrIssuer):
		r.find(NotOurs)
		return nil
	case errors.Is(err, jose.ErrSignature):
		r.find(BadSignature)
		return nil
	case err != nil:
		r.find(Malformed)
		return nil //nolint:nilerr // that is the finding
	}
	s.claims(r, c, all)
	live, err := s.o.Live(ctx)
	if err != nil {
		return err
	}
	if live.Revoked(&feed.Question{Token: feed.RawValue(feed.Token, c.ID), SubjectVersion: c.UserVersion}) {
		r.find(TokenRevoked)
	}
	if own, ok := token.OwnOf(c); ok {
		return s.own(ctx, r, own)
	}
	id, err := token.ParseID(c.Grant)
	if err != nil {
		r.find(GrantGone)
		return nil //nolint:nilerr // a finding
	}
	g, _, err := s.o.Read.Tokens().ByID(ctx, id, s.o.Now().UTC())
	if errors.Is(err, token.ErrUnknown) {
		r.find(GrantGone)
		return nil
	}
	if err != nil {
		return err
	}
	if g.Client == c.ClientID {
		return s.grant(ctx, r, g, proven{user: c.UserVersion, client: c.ClientVersion})
	}
	// It was exchanged: what it came from has to stand, and who got it.
	if err := s.grant(ctx, r, g, proven{user: c.UserVersion, client: g.ClientVersion}); err != nil {
		return err
	}
	r.ClientID = c.ClientID
	return s.client(ctx, r, c.ClientID, proven{client: c.ClientVersion})
}

// claims copies what the token says, and judges key and times.
func (s *Inspector) claims(r *Report, c *jwt.Access, all []signing.Key) {
	r.Subject, r.ClientID, r.Audience, r.Scope, r.ID, r.Grant, r.Session = c.Subject, c.ClientID, c.Audience, c.Scope, c.ID, c.Grant, c.Session
	r.IssuedAt, r.ExpiresAt, r.Key = time.Unix(c.IssuedAt, 0).UTC(), time.Unix(c.Expiry, 0).UTC(), c.KeyID
	if i := slices.IndexFunc(all, func(k signing.Key) bool { return k.ID == c.KeyID }); i >= 0 {
		r.KeyState = string(all[i].State)
	}
	if r.KeyState == string(signing.Gone) {
		r.find(KeyGone)
	}
	want := jwt.Expect{Issuer: s.o.Issuer, AnyAudience: true, Now: s.o.Now()}
	switch err := want.Check(c); {
	case errors.Is(err, jwt.ErrExpired):
		r.find(Expired)
	case err != nil:
		r.find(NotYet)
	}
}

// keySet are the token keys of every state.
func keySet(all []signing.Key) jose.KeySet {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	for _, k := range all {
		if k.Use == signing.Token {
			set.Keys = append(set.Keys, json.RawMessage(k.JWK))
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		return jose.KeySet{} // then no key is known
	}
	known, err := jose.ParseKeySet(text)
	if err != nil {
		return jose.KeySet{}
	}
	return known
}

// issuedAt reads the claim iat of a token that nobody has checked, to check its
// signature whatever time it is now.
func issuedAt(text string) time.Time {
	parts := strings.Split(text, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		IssuedAt  int64 `json:"iat"`
		NotBefore int64 `json:"nbf"`
	}
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		return time.Unix(1, 0) // VerifyAccess says what is wrong
	}
	return time.Unix(max(claims.IssuedAt, claims.NotBefore, 1), 0)
}
