package oauth

import (
	"net/http"
	"slices"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/oauth"
)

// Metadata is the document of RFC 8414 and of OpenID Connect Discovery, with two
// members of our own that tell verifiers where revocations are followed. What is
// not there is left out.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint,omitempty"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserInfo              string   `json:"userinfo_endpoint"`
	JWKS                  string   `json:"jwks_uri"`
	Registration          string   `json:"registration_endpoint,omitempty"`
	PAR                   string   `json:"pushed_authorization_request_endpoint,omitempty"`
	Device                string   `json:"device_authorization_endpoint,omitempty"`
	EndSession            string   `json:"end_session_endpoint,omitempty"`
	Scopes                []string `json:"scopes_supported"`
	Claims                []string `json:"claims_supported"`
	ClaimTypes            []string `json:"claim_types_supported"`
	ClaimsParameter       bool     `json:"claims_parameter_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported,omitempty"`
	Prompts               []string `json:"prompt_values_supported,omitempty"`
	GrantTypes            []string `json:"grant_types_supported"`
	ACRs                  []string `json:"acr_values_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgs           []string `json:"id_token_signing_alg_values_supported"`
	UserInfoAlgs          []string `json:"userinfo_signing_alg_values_supported"`
	RequestParameter      bool     `json:"request_parameter_supported"`
	RequestURIParameter   bool     `json:"request_uri_parameter_supported"` // of registered addresses; absent means true
	RequestURIsRegistered bool     `json:"require_request_uri_registration,omitempty"`
	RequestObjectAlgs     []string `json:"request_object_signing_alg_values_supported,omitempty"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs         []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	DPoPAlgs              []string `json:"dpop_signing_alg_values_supported,omitempty"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssuerParameter       bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
	ClientIDMetadata      bool     `json:"client_id_metadata_document_supported,omitempty"`
	Backchannel           bool     `json:"backchannel_logout_supported,omitempty"`
	BackchannelSession    bool     `json:"backchannel_logout_session_supported,omitempty"`
	Frontchannel          bool     `json:"frontchannel_logout_supported,omitempty"`
	FrontchannelSession   bool     `json:"frontchannel_logout_session_supported,omitempty"`
	Introspection         string   `json:"introspection_endpoint"`
	IntrospectionMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAlgs     []string `json:"introspection_endpoint_auth_signing_alg_values_supported,omitempty"`
	Revocation            string   `json:"revocation_endpoint"`
	RevocationMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAlgs        []string `json:"revocation_endpoint_auth_signing_alg_values_supported,omitempty"`
	ServiceDocumentation  string   `json:"service_documentation"`
	UILocales             []string `json:"ui_locales_supported"`
	Policy                string   `json:"op_policy_uri,omitempty"`
	Terms                 string   `json:"op_tos_uri,omitempty"`
	RevocationsFeed       string   `json:"mortise_revocations_uri"`
	RevocationsFeedKeys   string   `json:"mortise_revocation_keys_uri"`
}

// MetadataOptions say what there is. A part that is not wired is not promised.
type MetadataOptions struct {
	Issuer     string
	GrantTypes []string // oauth.Flow.GrantTypes
	// Scopes beside those of OpenID Connect are not listed: they are the business
	// of who asks for them.

	Authorize      bool // /oauth2/authorize: response types and modes, prompts, iss
	PAR            bool
	RequestObjects bool   // request objects by value and by registered https address
	Registration   bool   // /oauth2/register answers
	ClientID       bool   // Client ID Metadata Documents are taken
	Device         bool   // /oauth2/device_authorization
	DPoP           bool   // proofs are taken
	PrivateKeyJWT  bool   // private_key_jwt
	EndSession     bool   // RP-initiated logout
	Backchannel    bool   // and its sid
	Frontchannel   bool   // and its sid
	SignUp         bool   // prompt=create
	Policy, Terms  string // addresses; empty: none
}

// MetadataOf is the document of an issuer where o is wired.
func MetadataOf(o MetadataOptions) Metadata {
	at := func(is bool, path string) string {
		if !is {
			return ""
		}
		return o.Issuer + path
	}
	confidential := []string{"client_secret_basic", "client_secret_post"}
	algs := slices.Clone(client.OAuth21.Rules().Algorithms)
	m := Metadata{
		Issuer: o.Issuer, AuthorizationEndpoint: at(o.Authorize, "/oauth2/authorize"), TokenEndpoint: o.Issuer + "/oauth2/token",
		UserInfo: o.Issuer + oauth.UserInfoPath, JWKS: o.Issuer + "/oauth2/jwks", Registration: at(o.Registration, "/oauth2/register"),
		PAR: at(o.PAR, "/oauth2/par"), Device: at(o.Device, "/oauth2/device_authorization"), EndSession: at(o.EndSession, "/oauth2/end_session"),
		Scopes: []string{"openid", "profile", "email", "offline_access"}, Claims: claims.Names(), ClaimTypes: []string{"normal"}, ClaimsParameter: o.Authorize,
		ResponseTypes: []string{}, GrantTypes: o.GrantTypes, ACRs: []string{"1", "2", "3"}, SubjectTypes: []string{client.PublicSubject, client.PairwiseSubject},
		IDTokenAlgs: algs, UserInfoAlgs: algs, RequestParameter: o.RequestObjects, RequestURIParameter: o.RequestObjects, RequestURIsRegistered: o.RequestObjects,
		ChallengeMethods: []string{"S256"}, IssuerParameter: o.Authorize, ClientIDMetadata: o.ClientID,
		Backchannel: o.Backchannel, BackchannelSession: o.Backchannel, Frontchannel: o.Frontchannel, FrontchannelSession: o.Frontchannel,
		Introspection: o.Issuer + "/oauth2/introspect", Revocation: o.Issuer + "/oauth2/revoke",
		ServiceDocumentation: o.Issuer + "/docs/api", UILocales: []string{"en", "de"}, Policy: o.Policy, Terms: o.Terms,
		RevocationsFeed: o.Issuer + "/api/v1/revocations", RevocationsFeedKeys: o.Issuer + "/api/v1/revocations/keys",
	}
	if o.PrivateKeyJWT {
		confidential = append(confidential, "private_key_jwt")
		m.TokenAuthAlgs, m.IntrospectionAlgs, m.RevocationAlgs = algs, algs, algs
	}
	m.IntrospectionMethods = confidential
	m.TokenAuthMethods = append(slices.Clip(confidential), "none")
	m.RevocationMethods = m.TokenAuthMethods
	if o.DPoP {
		m.DPoPAlgs = slices.DeleteFunc(slices.Clone(algs), func(alg string) bool { return alg == "RS256" })
	}
	if o.RequestObjects {
		m.RequestObjectAlgs = algs // none is for who is registered so (OA-75)
	}
	if o.Authorize {
		m.authorize(o)
	}
	return m
}

// authorize adds what the authorization endpoint takes and answers.
func (m *Metadata) authorize(o MetadataOptions) {
	m.ResponseTypes = []string{"code", "id_token", "code id_token"}
	m.ResponseModes = []string{"query", "fragment", "form_post"}
	m.Prompts = []string{"none", "login", "consent", "select_account"}
	if o.SignUp {
		m.Prompts = append(m.Prompts, "create")
	}
	// Whoever may have an ID token from the front is registered for implicit.
	m.GrantTypes = append(slices.Clip(m.GrantTypes), client.GrantImplicit)
	slices.Sort(m.GrantTypes)
}

// MetadataHandler serves m as finished bytes to everybody.
func MetadataHandler(m Metadata) (http.Handler, error) { return document(m) }
