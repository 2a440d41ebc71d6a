package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) initialTokenTable() []endpoint {
	const tag = "Initial access tokens"
	which := []*problem.Error{registration.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/initial-access-tokens", Access: web.Admin, Tag: tag, Name: "initial_tokens.list", Summary: "List initial access tokens", Text: "In order of their making."}, s.initialTokens),
		route(s, endpoint{
			Method: "POST", Path: "/initial-access-tokens", Access: web.Admin, Tag: tag, Name: "initial_tokens.create", Status: http.StatusCreated, Once: true,
			Summary: "Let somebody register clients",
			Text:    "The token is in this answer and never again. Whoever has it registers clients at /oauth2/register, as many and as long as it says.",
			Example: `{"name": "Partners", "max_clients": 3, "redirect_hosts": ["*.example.org"]}`,
			Errors:  []*problem.Error{registration.ErrBadLife, registration.ErrBadUses, registration.ErrBadPolicy},
		}, s.createInitialToken),
		route(s, endpoint{Method: "GET", Path: "/initial-access-tokens/{token}", Access: web.Admin, Tag: tag, Name: "initial_tokens.get", Summary: "Read an initial access token", Errors: which}, s.getInitialToken),
		route(s, endpoint{
			Method: "DELETE", Path: "/initial-access-tokens/{token}", Access: web.Admin, Tag: tag, Name: "initial_tokens.delete",
			Summary: "Take an initial access token back", Text: "The clients that came with it stay.", Errors: which,
		}, s.deleteInitialToken),
	}
}

// InitialTokenPolicy is what clients that come with a token may have.
type InitialTokenPolicy struct {
	Scopes        []string `json:"scopes,omitempty" doc:"Absent: those of the instance."`
	Resources     []string `json:"resources,omitempty" doc:"Identifiers of APIs. Absent: those of the instance."`
	GrantTypes    []string `json:"grant_types,omitempty" doc:"Absent: those of the instance."`
	AuthMethods   []string `json:"token_endpoint_auth_methods,omitempty" doc:"Absent: those of the instance."`
	RedirectHosts []string `json:"redirect_hosts,omitempty" doc:"app.example.org, *.example.org, 127.0.0.1, or com.example.app: for a scheme of one's own. Absent: those of the instance."`
	WithoutPKCE   bool     `json:"without_pkce,omitempty" doc:"Confidential clients do without PKCE."`
}

// InitialToken lets its bearer register clients (RFC 7591).
type InitialToken struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Clients    int    `json:"clients" doc:"How many were registered with it."`
	MaxClients int    `json:"max_clients"`
	InitialTokenPolicy
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// InitialTokenWithText is one and its text, which nobody sees again.
type InitialTokenWithText struct {
	InitialToken
	Text string `json:"initial_access_token" doc:"Shown this once."`
}

func showInitialToken(t registration.Token) InitialToken {
	return InitialToken{
		ID: t.ID.String(), Name: t.Name, Clients: t.Uses, MaxClients: t.MaxUses, CreatedAt: t.CreatedAt.UTC(), ExpiresAt: t.ExpiresAt.UTC(),
		InitialTokenPolicy: InitialTokenPolicy{
			Scopes: t.Policy.Scopes, Resources: t.Policy.Resources, GrantTypes: t.Policy.Grants, AuthMethods: t.Policy.AuthMethods,
			RedirectHosts: t.Policy.RedirectHosts, WithoutPKCE: t.Policy.WithoutPKCE,
		},
	}
}

// InitialTokenRef names an initial access token.
type InitialTokenRef struct {
	Token string `path:"token" doc:"Its id, iat_…"`
}

// CreateInitialTokenRequest is a token to be made.
type CreateInitialTokenRequest struct {
	Name       string `json:"name,omitempty" doc:"For people."`
	MaxClients int    `json:"max_clients,omitempty" doc:"How many clients may be registered with it; 1 when absent."`
	Lifetime   *int64 `json:"lifetime,omitempty" doc:"Seconds; a day when absent."`
	InitialTokenPolicy
}

func (s *surface) initialTokens(ctx context.Context, c *Call, in PageRequest) (List[InitialToken], error) {
	var after registration.ID
	if in.After != "" {
		var err error
		if after, err = registration.ParseID(in.After); err != nil {
			return List[InitialToken]{}, err
		}
	}
	rows, err := s.Directory.InitialTokens(ctx, c.Caller, after, size(in.Limit)+1)
	if err != nil {
		return List[InitialToken]{}, err
	}
	return paged(s, c, rows, size(in.Limit), func(t registration.Token) string { return t.ID.String() }, showInitialToken), nil
}

func (s *surface) getInitialToken(ctx context.Context, c *Call, in InitialTokenRef) (InitialToken, error) {
	id, err := registration.ParseID(in.Token)
	if err != nil {
		return InitialToken{}, err
	}
	t, err := s.Directory.InitialToken(ctx, c.Caller, id)
	return showInitialToken(t), err
}

func (s *surface) createInitialToken(ctx context.Context, c *Call, in CreateInitialTokenRequest) (InitialTokenWithText, error) {
	life := registration.DefaultLife
	lasting(&life, in.Lifetime)
	t, text, err := s.Directory.CreateInitialToken(ctx, c.Caller, registration.Token{
		Name: in.Name, MaxUses: in.MaxClients, ExpiresAt: s.Now().UTC().Truncate(time.Microsecond).Add(life),
		Policy: registration.Policy{
			Scopes: in.Scopes, Resources: in.Resources, Grants: in.GrantTypes, AuthMethods: in.AuthMethods, RedirectHosts: in.RedirectHosts, WithoutPKCE: in.WithoutPKCE,
		},
	})
	if err != nil {
		return InitialTokenWithText{}, err
	}
	c.head.Set("Location", s.link(Prefix+"/initial-access-tokens/"+t.ID.String()))
	return InitialTokenWithText{showInitialToken(t), text.Reveal()}, nil
}

func (s *surface) deleteInitialToken(ctx context.Context, c *Call, in InitialTokenRef) (none, error) {
	id, err := registration.ParseID(in.Token)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.DeleteInitialToken(ctx, c.Caller, id)
}
