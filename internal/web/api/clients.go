package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) clientTable() []endpoint {
	const tag = "Clients"
	which := []*problem.Error{client.ErrUnknown}
	wrong := []*problem.Error{
		client.ErrBadRedirect, client.ErrBadLogout, client.ErrBadOrigin, client.ErrBadGrants, client.ErrAuthMethod, client.ErrProfile,
		client.ErrMetadata, client.ErrBadAddress, client.ErrBadKeys, client.ErrBadSector, client.ErrBadAlgorithm, client.ErrBadTokenFormat, client.ErrBadLifetime, client.ErrTooMany, resource.ErrBadScope, resource.ErrScopeUnknown, resource.ErrUnknown,
	}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/clients", Access: web.Admin, Tag: tag, Name: "clients.list", Summary: "List clients", Text: "In order of client_id."}, s.clients),
		route(s, endpoint{
			Method: "POST", Path: "/clients", Access: web.Admin, Tag: tag, Name: "clients.create", Status: http.StatusCreated, Once: true, Summary: "Register a client",
			Text: "A client whose method has a secret gets one, which is in this answer and never again.",
			Example: `{"client_name": "Web", "redirect_uris": ["https://app.example.org/callback"], "grant_types": ["authorization_code", "refresh_token"], ` +
				`"scope": "openid profile offline_access"}`,
			Errors: append([]*problem.Error{client.ErrTaken, client.ErrBadID, client.ErrBadSecret, client.ErrPublic}, wrong...),
		}, s.createClient),
		route(s, endpoint{Method: "GET", Path: "/clients/{client}", Access: web.Admin, Tag: tag, Name: "clients.get", Summary: "Read a client", Errors: which}, s.getClient),
		route(s, endpoint{
			Method: "PATCH", Path: "/clients/{client}", Access: web.Admin, Tag: tag, Name: "clients.update", Summary: "Change a client", Text: "What is left out stays. A client whose method has none loses its secrets.",
			Example: `{"first_party": true}`, Errors: append(append([]*problem.Error{client.ErrStale}, which...), wrong...),
		}, s.updateClient),
		route(s, endpoint{Method: "DELETE", Path: "/clients/{client}", Access: web.Admin, Tag: tag, Name: "clients.delete", Summary: "Delete a client and end everything minted for it", Errors: which}, s.deleteClient),
		route(s, endpoint{Method: "POST", Path: "/clients/{client}/disable", Access: web.Admin, Tag: tag, Name: "clients.disable", Summary: "Disable a client and end everything minted for it", Errors: which}, s.onClient(Directory.DisableClient)),
		route(s, endpoint{Method: "POST", Path: "/clients/{client}/enable", Access: web.Admin, Tag: tag, Name: "clients.enable", Summary: "Enable a client", Text: "What died when it was disabled stays dead.", Errors: which}, s.onClient(Directory.EnableClient)),
		route(s, endpoint{
			Method: "POST", Path: "/clients/{client}/rotate-secret", Access: web.Admin, Tag: tag, Name: "clients.rotate_secret", Once: true, Summary: "Give a client a new secret",
			Text:    "It is in this answer and never again. The one before opens for keep_former seconds longer, a day unless said otherwise; after a compromise not at all, and everything minted for the client is dead.",
			Example: `{"keep_former": 3600}`, Errors: append([]*problem.Error{client.ErrPublic, errKeepFormer}, which...),
		}, s.rotateSecret),
		route(s, endpoint{
			Method: "POST", Path: "/clients/{client}/preview", Access: web.Admin, Tag: tag, Name: "clients.preview", Summary: "Show what a client would be told of a person",
			Text: "The claims of ID token, access token and UserInfo as the server would make them now, each with the reason why it is there. " +
				"Nothing is signed, and nothing is kept.",
			Example: `{"user": "ada@example.org", "scope": "openid email"}`,
			Errors:  append([]*problem.Error{user.ErrUnknown, oauth.ErrInvalidScope, oauth.ErrInvalidTarget}, which...),
		}, s.previewClient),
	}
}

var errKeepFormer = problem.New(problem.Unprocessable, "bad_keep_former", "The former secret can be kept for 0 seconds to 90 days, and not at all after a compromise.")

// Client is a program, in the words of RFC 7591 and OpenID registration.
type Client struct {
	ClientID          string     `json:"client_id"`
	Name              string     `json:"client_name"`
	AuthMethod        string     `json:"token_endpoint_auth_method" enum:"none,client_secret_basic,client_secret_post,private_key_jwt"`
	Type              string     `json:"application_type" enum:"web,native"`
	GrantTypes        []string   `json:"grant_types"`
	ResponseTypes     []string   `json:"response_types"`
	RedirectURIs      []string   `json:"redirect_uris"`
	PostLogoutURIs    []string   `json:"post_logout_redirect_uris"`
	BackchannelLogout string     `json:"backchannel_logout_uri,omitempty" format:"uri"`
	IDTokenAlg        string     `json:"id_token_signed_response_alg"`
	Scope             string     `json:"scope" doc:"What it may ask for, separated by spaces."`
	FirstParty        bool       `json:"first_party" doc:"No consent page."`
	Profile           string     `json:"profile" enum:"oauth2.1,fapi2"`
	Origins           []string   `json:"origins" doc:"Of its pages in browsers."`
	Resources         []string   `json:"resources" doc:"Identifiers of the APIs it may ask tokens for."`
	TokenFormat       string     `json:"access_token_format,omitempty" doc:"Absent: as the resource says."`
	TokenLifetime     int64      `json:"access_token_lifetime,omitempty" doc:"Seconds; absent: as the resource says."`
	RefreshIdle       int64      `json:"refresh_token_idle_lifetime" doc:"Seconds until an unused refresh token lapses."`
	RefreshLife       int64      `json:"refresh_token_lifetime" doc:"Seconds after which a refresh token lapses, whatever happens."`
	Disabled          bool       `json:"disabled"`
	ManagedBy         string     `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	SecretSince       *time.Time `json:"client_secret_since,omitempty" doc:"When the current secret was made. Absent: there is none."`
	FormerUntil       *time.Time `json:"former_secret_until,omitempty" doc:"How long the secret before it opens."`
	CreatedAt         time.Time  `json:"created_at"`
	UpdatedAt         time.Time  `json:"updated_at"`
	LastUsedAt        *time.Time `json:"last_used_at,omitempty" doc:"When it authenticated last, to about a minute."`
	client.Metadata
}

// ClientWithSecret is a client and its secret, which nobody sees again.
type ClientWithSecret struct {
	Client
	Secret string `json:"client_secret,omitempty" doc:"Shown this once. Absent for a client without one and for a chosen secret."`
}

func (s *surface) showClient(c client.Client) Client {
	out := Client{
		ClientID: string(c.ID), Name: c.Name, AuthMethod: string(c.Auth), Type: string(c.Type), GrantTypes: listed(c.Grants), ResponseTypes: listed(c.Responses),
		RedirectURIs: listed(c.RedirectURIs), PostLogoutURIs: listed(c.PostLogoutURIs), BackchannelLogout: c.BackchannelLogout, IDTokenAlg: c.IDTokenAlg,
		Scope: resource.FormatScopes(c.Scopes), FirstParty: c.FirstParty, Profile: string(c.Profile), Origins: listed(c.Origins), Resources: listed(c.Resources),
		TokenFormat: c.TokenFormat, TokenLifetime: int64(c.TokenLifetime / time.Second), RefreshIdle: int64(c.RefreshIdle / time.Second),
		RefreshLife: int64(c.RefreshLife / time.Second), Disabled: c.Disabled, ManagedBy: c.ManagedBy, SecretSince: moment(c.Secret.CreatedAt),
		CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(), LastUsedAt: moment(c.LastUsedAt), Metadata: c.Metadata,
	}
	if c.FormerSecret.ExpiresAt.After(s.Now()) {
		out.FormerUntil = moment(c.FormerSecret.ExpiresAt)
	}
	return out
}

// ClientRequest is what can be said about a client. What is left out stays.
type ClientRequest struct {
	Name              *string   `json:"client_name,omitempty"`
	AuthMethod        *string   `json:"token_endpoint_auth_method,omitempty" enum:"none,client_secret_basic,client_secret_post,private_key_jwt"`
	Type              *string   `json:"application_type,omitempty" enum:"web,native"`
	GrantTypes        *[]string `json:"grant_types,omitempty"`
	ResponseTypes     *[]string `json:"response_types,omitempty"`
	RedirectURIs      *[]string `json:"redirect_uris,omitempty" doc:"Compared as exact text."`
	PostLogoutURIs    *[]string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogout *string   `json:"backchannel_logout_uri,omitempty"`
	IDTokenAlg        *string   `json:"id_token_signed_response_alg,omitempty" enum:"RS256,PS256,ES256,EdDSA"`
	Scope             *string   `json:"scope,omitempty" doc:"What it may ask for, separated by spaces."`
	FirstParty        *bool     `json:"first_party,omitempty"`
	Profile           *string   `json:"profile,omitempty" enum:"oauth2.1,fapi2"`
	Origins           *[]string `json:"origins,omitempty" doc:"Of its pages in browsers, such as https://app.example.org."`
	Resources         *[]string `json:"resources,omitempty"`
	TokenFormat       *string   `json:"access_token_format,omitempty" doc:"jwt or opaque; empty: as the resource says."`
	TokenLifetime     *int64    `json:"access_token_lifetime,omitempty" doc:"Seconds, 300 to 900; 0: as the resource says."`
	RefreshIdle       *int64    `json:"refresh_token_idle_lifetime,omitempty" doc:"Seconds."`
	RefreshLife       *int64    `json:"refresh_token_lifetime,omitempty" doc:"Seconds."`
	apply.Metadata
}

// over returns c with the changes.
func (in ClientRequest) over(c client.Client) (client.Client, error) {
	replace(&c.Name, in.Name)
	replace(&c.Auth, (*client.Auth)(in.AuthMethod))
	replace(&c.Type, (*client.Type)(in.Type))
	replace(&c.Grants, in.GrantTypes)
	replace(&c.Responses, in.ResponseTypes)
	replace(&c.RedirectURIs, in.RedirectURIs)
	replace(&c.PostLogoutURIs, in.PostLogoutURIs)
	replace(&c.BackchannelLogout, in.BackchannelLogout)
	replace(&c.IDTokenAlg, in.IDTokenAlg)
	replace(&c.FirstParty, in.FirstParty)
	replace(&c.Profile, (*client.Profile)(in.Profile))
	replace(&c.Origins, in.Origins)
	replace(&c.Resources, in.Resources)
	replace(&c.TokenFormat, in.TokenFormat)
	lasting(&c.TokenLifetime, in.TokenLifetime)
	lasting(&c.RefreshIdle, in.RefreshIdle)
	lasting(&c.RefreshLife, in.RefreshLife)
	var err error
	if c.Metadata, err = c.Metadata.Over(in.Metadata.Members()); err != nil || in.Scope == nil {
		return c, err
	}
	c.Scopes, err = resource.ParseScopes(*in.Scope)
	return c, err
}

func replace[T any](to *T, by *T) {
	if by != nil {
		*to = *by
	}
}

// lasting replaces a duration by seconds; more than a century is as wrong as a century.
func lasting(to *time.Duration, seconds *int64) {
	const most = 100 * 366 * 24 * 60 * 60
	if seconds != nil {
		*to = time.Duration(max(-1, min(*seconds, most))) * time.Second
	}
}

// ClientRef names a client.
type ClientRef struct {
	Client string `path:"client" doc:"Its client_id."`
}

func (s *surface) clients(ctx context.Context, c *Call, in PageRequest) (List[Client], error) {
	rows, err := s.Directory.Clients(ctx, c.Caller, client.ID(in.After), size(in.Limit)+1)
	if err != nil {
		return List[Client]{}, err
	}
	return paged(s, c, rows, size(in.Limit), func(v client.Client) string { return string(v.ID) }, s.showClient), nil
}

// CreateClientRequest is a client to be registered.
type CreateClientRequest struct {
	ClientID string      `json:"client_id,omitempty" doc:"Left out: one is made, cli_…"`
	Secret   secret.Text `json:"client_secret,omitzero" doc:"Left out: one is made, mrt_cs_…"`
	ClientRequest
}

func (s *surface) createClient(ctx context.Context, c *Call, in CreateClientRequest) (ClientWithSecret, error) {
	v, err := in.over(client.Client{ID: client.ID(in.ClientID)})
	if err != nil {
		return ClientWithSecret{}, err
	}
	v, text, err := s.Directory.CreateClient(ctx, c.Caller, v, in.Secret)
	if err != nil {
		return ClientWithSecret{}, err
	}
	c.head.Set("Location", s.link(Prefix+"/clients/"+string(v.ID)))
	return ClientWithSecret{s.showClient(v), text.Reveal()}, nil
}

func (s *surface) getClient(ctx context.Context, c *Call, in ClientRef) (Client, error) {
	v, err := s.Directory.Client(ctx, c.Caller, client.ID(in.Client))
	return s.showClient(v), err
}

// UpdateClientRequest changes a client.
type UpdateClientRequest struct {
	Client string `path:"client" doc:"Its client_id."`
	ClientRequest
}

func (s *surface) updateClient(ctx context.Context, c *Call, in UpdateClientRequest) (Client, error) {
	v, err := s.Directory.Client(ctx, c.Caller, client.ID(in.Client))
	if err != nil {
		return Client{}, err
	}
	if v, err = in.over(v); err != nil {
		return Client{}, err
	}
	v, err = s.Directory.UpdateClient(ctx, c.Caller, v)
	return s.showClient(v), err
}

func (s *surface) deleteClient(ctx context.Context, c *Call, in ClientRef) (none, error) {
	return none{}, s.Directory.DeleteClient(ctx, c.Caller, client.ID(in.Client))
}

// RotateSecretRequest says what becomes of the secret before.
type RotateSecretRequest struct {
	Client      string `path:"client" doc:"Its client_id."`
	KeepFormer  *int64 `json:"keep_former,omitempty" doc:"Seconds the secret before opens longer; 0: not at all. A day unless said otherwise."`
	Compromised bool   `json:"compromised,omitempty" doc:"Somebody else may have the secret: end everything minted for the client."`
}

func (s *surface) rotateSecret(ctx context.Context, c *Call, in RotateSecretRequest) (ClientWithSecret, error) {
	keep := directory.KeepSecret
	lasting(&keep, in.KeepFormer)
	if keep < 0 || keep > directory.MaxKeepSecret || in.Compromised && in.KeepFormer != nil && keep > 0 {
		return ClientWithSecret{}, errKeepFormer
	}
	v, text, err := s.Directory.RotateSecret(ctx, c.Caller, client.ID(in.Client), keep, in.Compromised)
	if err != nil {
		return ClientWithSecret{}, err
	}
	return ClientWithSecret{s.showClient(v), text.Reveal()}, nil
}
