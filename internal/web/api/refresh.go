package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) refreshTable() []endpoint {
	const tag = "Sign-in"
	return []endpoint{
		route(s, endpoint{
			Method: "POST", Path: "/session/refresh", Access: web.Protocol, Tag: tag, Name: "session.refresh", Once: true,
			Summary: "Renew the access token of a single-page app",
			Text: "Reads the client's refresh token from its cookie, so the request comes from a page of one of the client's " +
				"origins, with credentials. end=true gives the cookie back and signs out instead.",
			Example: `{"client_id": "spa"}`,
			Errors:  []*problem.Error{oauth.ErrOrigin, oauth.ErrInvalidGrant, oauth.ErrInvalidScope},
		}, s.refresh),
	}
}

// TokenSet is what a program presents to APIs.
type TokenSet struct {
	AccessToken  string `json:"access_token,omitempty" doc:"Send it as Authorization: Bearer."`
	TokenType    string `json:"token_type,omitempty" enum:"Bearer,DPoP"`
	ExpiresIn    int64  `json:"expires_in,omitempty" doc:"Seconds."`
	RefreshToken string `json:"refresh_token,omitempty" doc:"For native apps. Pages have it in a cookie."`
	IDToken      string `json:"id_token,omitempty" doc:"When openid was granted."`
	Scope        string `json:"scope,omitempty"`
}

func tokenSet(t oauth.Tokens, refresh bool) TokenSet {
	out := TokenSet{
		AccessToken: t.Access.Reveal(), TokenType: t.Type, ExpiresIn: int64(t.ExpiresIn / time.Second), IDToken: t.ID.Reveal(), Scope: t.Scope,
	}
	if refresh {
		out.RefreshToken = t.Refresh.Reveal()
	}
	return out
}

// signInForTokens ends in an access token, and a refresh token that a native app
// gets in the answer and a page in a cookie (TH-9, TH-34).
func (s *surface) signInForTokens(ctx context.Context, c *Call, in SignInRequest) (SignInStep, error) {
	origin := c.http.Header.Get("Origin")
	if in.From != "" && in.From != in.ClientID {
		return SignInStep{}, errTwoClients
	}
	if s.Tokens.Trusts(ctx, in.ClientID, origin) {
		s.share(c, origin) // also what is wrong: the page is to learn it
	}
	delivery, err := s.Tokens.Deliver(ctx, oauth.FirstParty{Client: in.ClientID, Origin: origin, Scope: in.Scope, Resource: in.Resource})
	if err != nil {
		return SignInStep{}, err
	}
	r, err := s.request(c, in)
	if err != nil {
		return SignInStep{}, err
	}
	r.Least = delivery.Assurance()
	r.Deliver = func(ctx context.Context, st token.Store, v session.Session) error {
		return delivery.In(ctx, st, v, c.Caller.Source)
	}
	got, err := s.run(ctx, in, r)
	if err != nil {
		return SignInStep{}, err
	}
	if !got.Complete() {
		return SignInStep{Step: s.goOn(c, got.Flow, codeLife, got.Next...)}, nil
	}
	tokens, err := delivery.Tokens(ctx)
	if err != nil {
		return SignInStep{}, err
	}
	step, err := s.handOver(ctx, c, in.ClientID, got.User, got.Session, got.Device, tokens)
	return s.beside(c, step, got), err
}

func (s *surface) handOver(ctx context.Context, c *Call, client string, u user.User, v session.Session, device string, t oauth.Tokens) (SignInStep, error) {
	shown, err := s.withEmail(ctx, user.By(u.ID, v.ID.String(), c.Caller.Source), u)
	if err != nil {
		return SignInStep{}, err
	}
	names := s.Cookies.Names()
	s.Cookies.SetCookie(c.w, names.Device, device, deviceLife)
	s.endFlow(c)
	if c.browser() {
		s.Cookies.SetCookie(c.w, names.Refresh(client), t.Refresh.Reveal(), t.RefreshUntil.Sub(s.Now()))
	}
	now := showSession(v.ID.String(), nil)(v)
	return SignInStep{Step: Step{Status: "complete"}, User: &shown, Session: &now, TokenSet: tokenSet(t, !c.browser())}, nil
}

// RefreshRequest asks for a new access token.
type RefreshRequest struct {
	ClientID string `json:"client_id" doc:"The app whose cookie is meant."`
	Scope    string `json:"scope,omitempty" doc:"Fewer scopes than were granted."`
	End      bool   `json:"end,omitempty" doc:"Give the cookie back and sign out."`
	From     string `query:"client_id" doc:"The same client, for the browser's preflight."`
}

// Refreshed is the new access token, or nothing when it was given back.
type Refreshed struct {
	Status string `json:"status" enum:"complete,ended"`
	TokenSet
}

func (s *surface) refresh(ctx context.Context, c *Call, in RefreshRequest) (Refreshed, error) {
	if in.From != "" && in.From != in.ClientID {
		return Refreshed{}, errTwoClients
	}
	origin := c.http.Header.Get("Origin")
	if s.Tokens.Trusts(ctx, in.ClientID, origin) {
		s.share(c, origin)
	}
	name := s.Cookies.Names().Refresh(in.ClientID)
	value, err := web.Cookie(c.http, name)
	if err != nil {
		return Refreshed{}, err
	}
	c.Presents("cookie of a client", in.ClientID)
	r := oauth.Renewal{Client: in.ClientID, Origin: origin, Token: value, Scope: in.Scope, Source: c.Caller.Source}
	if in.End {
		return s.giveBack(ctx, c, name, r)
	}
	tokens, err := s.Tokens.Renew(ctx, r)
	if err != nil {
		return Refreshed{}, err
	}
	if !tokens.Refresh.IsZero() {
		s.Cookies.SetCookie(c.w, name, tokens.Refresh.Reveal(), tokens.RefreshUntil.Sub(s.Now()))
	}
	return Refreshed{Status: "complete", TokenSet: tokenSet(tokens, false)}, nil
}

// giveBack ends the grant and the session it hung on.
func (s *surface) giveBack(ctx context.Context, c *Call, name string, r oauth.Renewal) (Refreshed, error) {
	g, err := s.Tokens.Leave(ctx, r)
	if err != nil && problem.Of(err).Kind != problem.Invalid {
		return Refreshed{}, err
	}
	s.Cookies.ClearCookie(c.w, name)
	if err == nil && !g.Session.IsZero() {
		by := user.Caller{Actor: audit.Actor{Type: audit.ActorUser, ID: g.User.String()}, User: g.User, Session: g.Session.String(), Source: c.Caller.Source}
		if err := s.SignIn.SignOut(ctx, by); err != nil {
			return Refreshed{}, err
		}
	}
	return Refreshed{Status: "ended"}, nil
}

var errTwoClients = problem.New(problem.Invalid, "client_mismatch", "The client_id in the query is another than that in the body. Send the same.")

// admits lets a page of a registered client's origin through to the sign-in,
// which then demands that it asks for tokens of that client.
func (s *surface) admits(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin != "" && s.Tokens.Trusts(r.Context(), r.URL.Query().Get("client_id"), origin)
}

// foreign refuses what only an origin of a client let through.
func (s *surface) foreign(c *Call) error {
	origin := c.http.Header.Get("Origin")
	if origin == "" || origin == s.URL.Scheme+"://"+s.URL.Host || !s.admits(c.http) {
		return nil
	}
	return web.ErrCrossOrigin.Becausef("%s asks for a cookie", origin)
}

func (s *surface) share(c *Call, origin string) {
	if origin != "" {
		web.Share(c.w, web.Sharing{Origin: origin, Credentials: true})
	}
}

// preflights answer browsers that ask whether a page may send JSON with our
// cookies: only a page of the client that the query names.
func (s *surface) preflights() []web.Route {
	answer := func(w http.ResponseWriter, r *http.Request) error {
		if s.admits(r) {
			web.Share(w, web.Sharing{Origin: r.Header.Get("Origin"), Credentials: true, Methods: "POST", Headers: "Content-Type"})
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return []web.Route{
		{Pattern: "OPTIONS " + Prefix + "/session/refresh", Access: web.Protocol, Handler: answer},
		{Pattern: "OPTIONS " + Prefix + "/signin", Access: web.Protocol, Handler: answer},
		{Pattern: "OPTIONS " + Prefix + "/signin/service", Access: web.Protocol, Handler: answer},
	}
}
