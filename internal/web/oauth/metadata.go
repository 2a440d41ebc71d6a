package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/mortise-auth/mortise/internal/web"
)

// Metadata is the document of RFC 8414, with two members of our own that tell
// verifiers where revocations are followed.
type Metadata struct {
	Issuer               string   `json:"issuer"`
	TokenEndpoint        string   `json:"token_endpoint"`
	TokenAuthMethods     []string `json:"token_endpoint_auth_methods_supported"`
	JWKS                 string   `json:"jwks_uri"`
	GrantTypes           []string `json:"grant_types_supported"`
	ResponseTypes        []string `json:"response_types_supported"`
	Introspection        string   `json:"introspection_endpoint"`
	IntrospectionMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	Device               string   `json:"device_authorization_endpoint"`
	Revocation           string   `json:"revocation_endpoint"`
	RevocationMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	ServiceDocumentation string   `json:"service_documentation"`
	UILocales            []string `json:"ui_locales_supported"`
	ACRs                 []string `json:"acr_values_supported"`
	RevocationsFeed      string   `json:"mortise_revocations_uri"`
	RevocationsFeedKeys  string   `json:"mortise_revocation_keys_uri"`
}

// MetadataOf is the document of an issuer with these grant types.
func MetadataOf(issuer string, grants []string) Metadata {
	confidential := []string{"client_secret_basic", "client_secret_post"}
	return Metadata{
		Issuer: issuer, TokenEndpoint: issuer + "/oauth2/token", TokenAuthMethods: append(confidential[:2:2], "none"),
		JWKS: issuer + "/oauth2/jwks", GrantTypes: grants, ResponseTypes: []string{},
		Introspection: issuer + "/oauth2/introspect", IntrospectionMethods: confidential,
		Device:     issuer + "/oauth2/device_authorization",
		Revocation: issuer + "/oauth2/revoke", RevocationMethods: append(confidential[:2:2], "none"),
		ServiceDocumentation: issuer + "/docs/api", UILocales: []string{"en", "de"}, ACRs: []string{"1", "2", "3"},
		RevocationsFeed: issuer + "/api/v1/revocations", RevocationsFeedKeys: issuer + "/api/v1/revocations/keys",
	}
}

// MetadataHandler serves m as finished bytes to everybody.
func MetadataHandler(m Metadata) (http.Handler, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	tag := []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	kind, cache, anybody := []string{"application/json"}, []string{"public, max-age=900"}, []string{"*"}
	sniff, length := []string{"nosniff"}, []string{strconv.Itoa(len(body))}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Etag"], h["Cache-Control"], h["Access-Control-Allow-Origin"] = tag, cache, anybody
		h["X-Content-Type-Options"] = sniff
		if web.Unchanged(r, tag[0]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h["Content-Type"], h["Content-Length"] = kind, length
		_, _ = w.Write(body) // whoever hung up is not told
	}), nil
}
