package upstream

import (
	"maps"
	"net/http"
	"strings"
)

// at says where a service has what.
type at struct {
	discovery, authorize, token, userInfo, keys, emails, revoke, logout string
}

const wellKnown = "/.well-known/openid-configuration"

// paths are those of the real services, on one host.
var paths = map[Kind]at{
	OIDC:   {wellKnown, "/authorize", "/token", "/userinfo", "/keys", "", "/revoke", "/logout"},
	Google: {wellKnown, "/o/oauth2/v2/auth", "/token", "/v1/userinfo", "/oauth2/v3/certs", "", "/revoke", ""},
	Microsoft: {
		"/common/v2.0" + wellKnown, "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token", "/oidc/userinfo",
		"/common/discovery/v2.0/keys", "", "", "/common/oauth2/v2.0/logout",
	},
	Apple:  {wellKnown, "/auth/authorize", "/auth/token", "", "/auth/keys", "", "/auth/revoke", ""},
	GitLab: {wellKnown, "/oauth/authorize", "/oauth/token", "/oauth/userinfo", "/oauth/discovery/keys", "", "/oauth/revoke", ""},
	GitHub: {"", "/login/oauth/authorize", "/login/oauth/access_token", "/user", "", "/user/emails", "", ""},
	OAuth2: {"", "/oauth/authorize", "/oauth/token", "/api/me", "", "", "/oauth/revoke", ""},
}

// Endpoint is the address of one of authorization, token, userinfo, emails, keys,
// revocation and end_session; empty if the service has none.
func (s *Service) Endpoint(name string) string {
	p := paths[s.Kind]
	path := map[string]string{
		"discovery": p.discovery, "authorization": p.authorize, "token": p.token, "userinfo": p.userInfo, "emails": p.emails, "keys": p.keys,
		"revocation": p.revoke, "end_session": p.logout,
	}[name]
	if path == "" {
		return ""
	}
	return s.URL + path
}

// documented are the members of the discovery documents that are not addresses.
var documented = map[Kind]map[string]any{
	OIDC: {
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "scopes_supported": []string{"openid", "profile", "email", "offline_access"},
		"authorization_response_iss_parameter_supported": true, "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
	},
	Google: {
		"response_types_supported": []string{"code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token", "none"},
		"subject_types_supported":  []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported": []string{"openid", "email", "profile"}, "token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		"claims_supported":                 []string{"aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"},
		"code_challenge_methods_supported": []string{"plain", "S256"},
	},
	Microsoft: {
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"}, "subject_types_supported": []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported": []string{"openid", "profile", "email", "offline_access"}, "request_uri_parameter_supported": false,
		"http_logout_supported": true, "frontchannel_logout_supported": true, "tenant_region_scope": nil,
		"cloud_instance_name": "microsoftonline.com", "cloud_graph_host_name": "graph.windows.net",
		"claims_supported": []string{"sub", "iss", "cloud_instance_name", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"},
	},
	Apple: {
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query", "fragment", "form_post"},
		"subject_types_supported": []string{"pairwise"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"scopes_supported": []string{"openid", "email", "name"}, "token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		"claims_supported": []string{"aud", "email", "email_verified", "exp", "iat", "is_private_email", "iss", "nonce", "nonce_supported", "real_user_status", "sub", "transfer_sub"},
	},
	GitLab: {
		"scopes_supported":         []string{"api", "read_api", "read_user", "openid", "profile", "email"},
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query", "fragment", "form_post"},
		"grant_types_supported":                 []string{"authorization_code", "device_code", "refresh_token"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"subject_types_supported":               []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"}, "claim_types_supported": []string{"normal"},
		"claims_supported":                 []string{"iss", "sub", "aud", "exp", "iat", "sub_legacy", "name", "nickname", "preferred_username", "email", "email_verified", "website", "profile", "picture", "groups", "groups_direct"},
		"code_challenge_methods_supported": []string{"plain", "S256"},
	},
}

func (s *Service) discovery(w http.ResponseWriter, _ *http.Request) {
	doc := maps.Clone(documented[s.Kind])
	doc["issuer"] = s.URL
	if s.Kind == Microsoft {
		doc["issuer"] = s.URL + "/{tenantid}/v2.0"
	}
	if s.has(OtherDocument) {
		doc["issuer"] = "https://accounts.example.com"
	}
	for name, path := range map[string]string{
		"authorization_endpoint": "authorization", "token_endpoint": "token", "userinfo_endpoint": "userinfo", "jwks_uri": "keys",
		"revocation_endpoint": "revocation", "end_session_endpoint": "end_session",
	} {
		if address := s.Endpoint(path); address != "" {
			doc[name] = address
		}
	}
	if s.has(PlainEndpoint) {
		doc["token_endpoint"] = strings.Replace(s.Endpoint("token"), "https:", "http:", 1)
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	answer(w, http.StatusOK, doc)
}
