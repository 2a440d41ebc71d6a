package oauth

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// Answer is a successful token response (RFC 6749 section 5.1).
type Answer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
	// Details are authorization_details (RFC 9396 section 7).
	Details json.RawMessage `json:"authorization_details,omitempty"`
}

// AnswerOf reveals tokens, for the one answer they go into.
func AnswerOf(t oauth.Tokens) Answer {
	return Answer{
		AccessToken: t.Access.Reveal(), TokenType: t.Type, ExpiresIn: int64(t.ExpiresIn / time.Second),
		RefreshToken: t.Refresh.Reveal(), IDToken: t.ID.Reveal(), Scope: t.Scope, Details: t.Details,
	}
}

func (s *surface) token(w http.ResponseWriter, r *http.Request) error {
	single, resources, err := form(w, r)
	if err != nil {
		return err
	}
	c, err := credentials(r, single)
	if err != nil {
		return err
	}
	q := web.Of(r)
	q.Presents("client", named(c))
	tokens, err := s.Flow.Token(r.Context(), oauth.Request{Client: c, Form: single, Resource: resources, Proofs: r.Header["Dpop"], Source: q.Caller.Source})
	s.share(w, r, c.ID, err)
	if err != nil {
		return err
	}
	if tokens.Nonce != "" {
		w.Header().Set("DPoP-Nonce", tokens.Nonce)
	}
	answer := AnswerOf(tokens)
	s.send(w, http.StatusOK, answer.append(make([]byte, 0, 2<<10)))
	return nil
}

func (s *surface) presented(w http.ResponseWriter, r *http.Request) (oauth.Presented, error) {
	single, _, err := form(w, r)
	if err != nil {
		return oauth.Presented{}, err
	}
	c, err := credentials(r, single)
	if err != nil {
		return oauth.Presented{}, err
	}
	web.Of(r).Presents("client", named(c))
	return oauth.Presented{Client: c, Token: single["token"], Source: web.Of(r).Caller.Source}, nil
}

func (s *surface) revoke(w http.ResponseWriter, r *http.Request) error {
	p, err := s.presented(w, r)
	if err != nil {
		return err
	}
	err = s.Flow.Revoke(r.Context(), p)
	s.share(w, r, p.Client.ID, err)
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *surface) introspect(w http.ResponseWriter, r *http.Request) error {
	p, err := s.presented(w, r)
	if err != nil {
		return err
	}
	found, err := s.Flow.Introspect(r.Context(), p)
	if err != nil {
		return err
	}
	told := view(found)
	s.send(w, http.StatusOK, told.append(make([]byte, 0, 1<<10)))
	return nil
}

// Introspected is what RFC 7662 section 2.2 and our claims tell of a live token.
type Introspected struct {
	Active    bool            `json:"active"`
	TokenType string          `json:"token_type,omitempty"`
	Issuer    string          `json:"iss,omitempty"`
	Subject   string          `json:"sub,omitempty"`
	ClientID  string          `json:"client_id,omitempty"`
	Audience  Audience        `json:"aud,omitempty"`
	Scope     string          `json:"scope,omitempty"`
	Expiry    int64           `json:"exp,omitempty"`
	IssuedAt  int64           `json:"iat,omitempty"`
	NotBefore int64           `json:"nbf,omitempty"`
	AuthTime  int64           `json:"auth_time,omitempty"`
	ID        string          `json:"jti,omitempty"`
	Session   string          `json:"sid,omitempty"`
	Grant     string          `json:"gid,omitempty"`
	ACR       string          `json:"acr,omitempty"`
	AMR       []string        `json:"amr,omitempty"`
	Roles     []string        `json:"roles,omitempty"`
	Org       []Membership    `json:"org,omitempty"`
	Details   json.RawMessage `json:"authorization_details,omitempty"` // RFC 9396 section 9.2
	// Confirmation is what the token is bound to: its holder must prove that too.
	Confirmation Confirmation `json:"cnf,omitzero"`
}

// Confirmation is the member cnf (RFC 7800; RFC 9449 section 6.2, RFC 8705).
type Confirmation struct {
	JKT string `json:"jkt,omitempty"`
	X5T string `json:"x5t#S256,omitempty"`
}

// Audience is a text when there is one, and else a list (RFC 7519 section 4.1.3).
type Audience []string

// MarshalJSON implements json.Marshaler.
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// Membership is one member of org.
type Membership struct {
	ID    string   `json:"id"`
	Slug  string   `json:"slug"`
	Roles []string `json:"roles,omitempty"`
}

func view(i oauth.Introspection) Introspected {
	switch {
	case i.Refresh != nil:
		return Introspected{
			Active: true, TokenType: "refresh_token", Subject: i.Refresh.Subject, ClientID: i.Refresh.ClientID, Scope: i.Refresh.Scope,
			Grant: i.Refresh.Grant, Expiry: i.Refresh.Expiry,
		}
	case i.Access != nil:
		return viewAccess(i.Access)
	}
	return Introspected{}
}

func viewAccess(a *jwt.Access) Introspected {
	out := Introspected{
		Active: true, TokenType: "Bearer", Issuer: a.Issuer, Subject: a.Subject, ClientID: a.ClientID, Audience: a.Audience, Scope: a.Scope,
		Expiry: a.Expiry, IssuedAt: a.IssuedAt, NotBefore: a.NotBefore, AuthTime: a.AuthTime, ID: a.ID, Session: a.Session, Grant: a.Grant,
		ACR: a.ACR, AMR: a.AMR, Roles: a.Roles, Confirmation: Confirmation{a.JKT, a.X5T}, Details: json.RawMessage(a.Details),
	}
	if a.JKT != "" {
		out.TokenType = "DPoP"
	}
	for _, o := range a.Org {
		out.Org = append(out.Org, Membership{ID: o.ID, Slug: o.Slug, Roles: o.Roles})
	}
	return out
}

// share lets the pages of a client's own origins read the answer, its error too.
// It allows no credentials of the browser: none are read here. Whoever is over a
// limit is not worth a look at the store.
func (s *surface) share(w http.ResponseWriter, r *http.Request, clientID string, err error) {
	origin := r.Header.Get("Origin")
	if origin == "" || err != nil && problem.Of(err).Kind == problem.Limited {
		return
	}
	if clientID != "" && s.Flow.Trusts(r.Context(), clientID, origin) {
		web.Share(w, web.Sharing{Origin: origin})
	}
}

// named is the client_id that credentials carry, if it could be one: people paste
// secrets into the wrong field.
func named(c client.Credentials) string {
	id, err := client.ParseID(c.ID)
	if err != nil || strings.HasPrefix(c.ID, "mrt_") {
		return ""
	}
	return string(id)
}

// preflight lets any page ask the browser to send the request; which page may read
// the answer is decided with it.
func preflight(methods, headers string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if origin := r.Header.Get("Origin"); origin != "" {
			web.Share(w, web.Sharing{Origin: origin, Methods: methods, Headers: headers})
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
