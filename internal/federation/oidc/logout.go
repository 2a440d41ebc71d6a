package oidc

import (
	"context"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Refresh implements federation.Protocol. An ID token that comes along is not read:
// nobody signs in by it.
func (s *Service) Refresh(ctx context.Context, c federation.Connection, t federation.Tokens) (federation.Tokens, error) {
	m, err := s.metadata(ctx, c)
	if err != nil {
		return federation.Tokens{}, err
	}
	fresh, err := s.client.Refresh(ctx, c, s.server(c, m), t)
	if err != nil {
		return federation.Tokens{}, err
	}
	fresh.ID = t.ID
	return fresh, nil
}

// Revoke implements federation.Protocol.
func (s *Service) Revoke(ctx context.Context, c federation.Connection, t federation.Tokens) error {
	m, err := s.metadata(ctx, c)
	if err != nil || m.revocation == "" {
		return err
	}
	to := s.server(c, m)
	to.Endpoint = m.revocation
	if err := s.client.Revoke(ctx, c, to, t.Refresh, "refresh_token"); err != nil {
		return err
	}
	return s.client.Revoke(ctx, c, to, t.Access, "access_token")
}

// Logout implements federation.Protocol (RP-Initiated Logout 1.0, 2).
func (s *Service) Logout(ctx context.Context, c federation.Connection, l federation.Leave) (string, error) {
	m, err := s.metadata(ctx, c)
	if err != nil || m.endSession == "" {
		return "", err
	}
	params := url.Values{"client_id": {c.Settings.ClientID}}
	set(params, "id_token_hint", l.ID.Reveal())
	set(params, "logout_hint", l.LoginHint)
	if l.Return != "" {
		params.Set("post_logout_redirect_uri", l.Return)
		set(params, "state", l.State)
	}
	return oauth2.Address(m.endSession, params)
}

// event is the member of events that makes a logout token.
const event = "http://schemas.openid.net/event/backchannel-logout"

// Ended implements federation.Protocol (Back-Channel Logout 1.0, 2.6; OA-99).
func (s *Service) Ended(ctx context.Context, c federation.Connection, text string) (federation.Ended, error) {
	m, err := s.metadata(ctx, c)
	if err != nil {
		return federation.Ended{}, err
	}
	payload, _, limited, err := s.signed(ctx, c, m, text, jwt.TypeLogout)
	if err != nil { // those who sign no typ yet
		payload, _, limited, err = s.signed(ctx, c, m, text, jwt.TypeIDToken)
	}
	if err != nil {
		return federation.Ended{}, err
	}
	claims, err := federation.ParseClaims(payload)
	if err != nil {
		return federation.Ended{}, federation.ErrStatement.Because(err)
	}
	t := token{claims: claims, now: s.now()}
	for _, check := range []error{t.issuer(c, m, limited), t.audience(c.Settings.ClientID), t.logoutTimes(), t.isLogout()} {
		if check != nil {
			return federation.Ended{}, federation.ErrStatement.Because(check)
		}
	}
	return t.ended(s.issuerOf(c, claims))
}

// isLogout keeps ID tokens out: they have no such event, and often a nonce.
func (t token) isLogout() error {
	events, _ := t.claims["events"].(map[string]any)
	_, named := events[event].(map[string]any)
	_, nonce := t.claims["nonce"]
	if !named || nonce {
		return jwt.ErrClaims
	}
	return nil
}

// oldest is how long ago a logout token may have been made, when it does not say
// itself how long it is good: it must be remembered so long.
const oldest = 10 * time.Minute

// logoutTimes are those of a token that is made and sent at once. exp came into the
// specification late.
func (t token) logoutTimes() error {
	if expiry, expires := seconds(t.claims["exp"]); expires {
		if time.Unix(expiry, 0).After(t.now.Add(jwt.MaxAssertion)) {
			return jwt.ErrFar
		}
		return t.times()
	}
	issued, dated := seconds(t.claims["iat"])
	switch {
	case !dated:
		return jwt.ErrClaims
	case t.now.Add(skew).Before(time.Unix(issued, 0)):
		return jwt.ErrIssuedAt
	case t.now.Add(-oldest - skew).After(time.Unix(issued, 0)):
		return jwt.ErrExpired
	}
	return nil
}

func (t token) ended(issuer string) (federation.Ended, error) {
	e := federation.Ended{Issuer: issuer, Subject: text(t.claims["sub"]), Session: text(t.claims["sid"]), ID: text(t.claims["jti"])}
	if e.ID == "" || len(e.ID) > maxSession || len(e.Subject) > federation.MaxSubject || len(e.Session) > maxSession || e.Subject == "" && e.Session == "" {
		return federation.Ended{}, federation.ErrStatement.Because(jwt.ErrClaims)
	}
	issued, _ := seconds(t.claims["iat"])
	e.Until = time.Unix(issued, 0).Add(oldest + skew).UTC()
	if expiry, ok := seconds(t.claims["exp"]); ok {
		e.Until = time.Unix(expiry, 0).Add(skew).UTC()
	}
	return e, nil
}
