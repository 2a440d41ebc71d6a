package testidp

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/mortise-auth/mortise/internal/jose"
)

// discovery is the provider's metadata (OpenID Connect Discovery, 3).
func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) string { return p.o.Issuer + path }
	write(w, http.StatusOK, map[string]any{
		"issuer": p.o.Issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"), "userinfo_endpoint": at("/userinfo"),
		"jwks_uri": at("/jwks"), "end_session_endpoint": at("/logout"), "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"grant_types_supported": []string{"authorization_code"}, "id_token_signing_alg_values_supported": []string{"ES256"}, "scopes_supported": []string{"openid", "profile", "email"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"}, "code_challenge_methods_supported": []string{"S256"},
		"claims_supported": []string{"sub", "name", "given_name", "family_name", "locale", "email", "email_verified", "groups"},
		"authorization_response_iss_parameter_supported": true, "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	set := jose.NewKeySet(p.key.Public()).JSON()
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write(set) // whoever asked is gone
}

// logout is GET /logout: the person leaves, and goes on to where the client said, if
// that is on the origin of one of its redirects.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to, err := url.Parse(q.Get("post_logout_redirect_uri"))
	if err != nil || !slices.ContainsFunc(p.o.Client.Redirects, func(one string) bool { return sameOrigin(one, to) }) {
		p.show(w, http.StatusOK, view{words: wordsFor(r), Title: p.title(), Left: true})
		return
	}
	if state := q.Get("state"); state != "" {
		params := to.Query()
		params.Set("state", state)
		to.RawQuery = params.Encode()
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

func sameOrigin(address string, to *url.URL) bool {
	u, err := url.Parse(address)
	return err == nil && to.Host != "" && u.Host == to.Host && u.Scheme == to.Scheme
}
