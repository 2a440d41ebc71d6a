package verify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const wellKnownResource = "/.well-known/oauth-protected-resource"

// Documented says that MetadataHandler is served at the well-known address of the
// Audience, which must be an https or http URL: challenges then name that address
// (RFC 9728), from which clients that know nothing but this service find the issuer.
func Documented() Option {
	return func(s *settings) { s.documented = true }
}

// document works out where the document is.
func (s *settings) document() {
	if !s.documented {
		return
	}
	u, err := url.Parse(s.audience)
	if err != nil || !isOrigin(s.audience) {
		s.check(false, fmt.Errorf("%w: Documented needs an Audience that is a URL", ErrOption))
		return
	}
	s.metadata = u.Scheme + "://" + u.Host + wellKnownResource + strings.TrimRight(u.EscapedPath(), "/")
}

// MetadataHandler serves the document of RFC 9728 about this service to everybody:
// its identifier, the issuer whose tokens it takes, and the scopes given. Mount it at
// "/.well-known/oauth-protected-resource" followed by the path of the Audience.
func (v *Verifier) MetadataHandler(scopes ...string) http.Handler {
	body, _ := json.Marshal(struct { // texts cannot fail
		Resource  string   `json:"resource"`
		Issuers   []string `json:"authorization_servers"`
		Scopes    []string `json:"scopes_supported,omitempty"`
		Methods   []string `json:"bearer_methods_supported"`
		ProofAlgs []string `json:"dpop_signing_alg_values_supported"`
	}{v.audience, []string{v.issuer}, scopes, []string{"header"}, strings.Fields(proofAlgorithms)})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "public, max-age=900")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body) // whoever hung up is not told
	})
}
