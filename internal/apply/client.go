package apply

import "github.com/mortise-auth/mortise/internal/secret"

// Scope is a wanted scope.
type Scope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// Resource is a wanted resource. A lifetime of 0 means: leave it as it is.
type Resource struct {
	Identifier    string   `json:"identifier"`
	Name          string   `json:"name,omitempty"`
	Scopes        []string `json:"scopes"`
	TokenFormat   string   `json:"access_token_format,omitempty"`
	TokenLifetime int      `json:"access_token_lifetime,omitempty"` // seconds
	Algorithm     string   `json:"access_token_signing_alg,omitempty"`
	Verifiers     []string `json:"verifiers"`
	DetailTypes   any      `json:"authorization_details_types,omitempty"` // JSON as it was read; nil: leave them as they are
}

// Client is a wanted client, in the words of RFC 7591 and OpenID registration. A
// lifetime of 0 and a pointer to nothing mean: leave it as it is.
type Client struct {
	ClientID          string      `json:"client_id"`
	Name              string      `json:"client_name,omitempty"`
	Secret            secret.Text `json:"client_secret,omitzero"`
	AuthMethod        string      `json:"token_endpoint_auth_method,omitempty"`
	Type              string      `json:"application_type,omitempty"`
	GrantTypes        []string    `json:"grant_types"`
	ResponseTypes     []string    `json:"response_types"`
	RedirectURIs      []string    `json:"redirect_uris"`
	PostLogoutURIs    []string    `json:"post_logout_redirect_uris"`
	BackchannelLogout string      `json:"backchannel_logout_uri,omitempty"`
	IDTokenAlg        string      `json:"id_token_signed_response_alg,omitempty"`
	Scope             *string     `json:"scope,omitempty"`
	FirstParty        *bool       `json:"first_party,omitempty"`
	Profile           string      `json:"profile,omitempty"`
	Origins           []string    `json:"origins"`
	Resources         []string    `json:"resources"`
	TokenFormat       string      `json:"access_token_format,omitempty"`
	TokenLifetime     int         `json:"access_token_lifetime,omitempty"`       // seconds
	RefreshIdle       int         `json:"refresh_token_idle_lifetime,omitempty"` // seconds
	RefreshLife       int         `json:"refresh_token_lifetime,omitempty"`      // seconds
	Metadata
}

// authMethod is what a client without a token_endpoint_auth_method has (RFC 7591).
const authMethod = "client_secret_basic"

// secretive reports whether a client with the method has a secret.
func secretive(method string) bool { return method == authMethod || method == "client_secret_post" }
