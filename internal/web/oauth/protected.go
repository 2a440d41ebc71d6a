package oauth

import "net/http"

// ProtectedResource is the document of RFC 9728: which tokens a resource takes, and
// who hands them out.
type ProtectedResource struct {
	Resource    string   `json:"resource"`
	Issuers     []string `json:"authorization_servers"`
	Scopes      []string `json:"scopes_supported,omitempty"`
	Methods     []string `json:"bearer_methods_supported"`
	Name        string   `json:"resource_name,omitempty"`
	Docs        string   `json:"resource_documentation,omitempty"`
	ProofAlgs   []string `json:"dpop_signing_alg_values_supported"`
	ProofNeeded bool     `json:"dpop_bound_access_tokens_required,omitempty"`
}

// ProtectedResourceOf is the document of a resource with tokens of an issuer.
func ProtectedResourceOf(resource, issuer string) ProtectedResource {
	return ProtectedResource{
		Resource: resource, Issuers: []string{issuer}, Methods: []string{"header"}, ProofAlgs: []string{"ES256", "EdDSA", "PS256"},
	}
}

// ProtectedResourceHandler serves p as finished bytes to everybody.
func ProtectedResourceHandler(p ProtectedResource) (http.Handler, error) { return document(p) }
