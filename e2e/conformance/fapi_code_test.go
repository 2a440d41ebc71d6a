package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// fapiCode are the modules about the authorization request and its code.
var fapiCode = []fapiModule{
	{"discovery-end-point-verification", true, false, fapiDiscovery},
	{"happy-flow", true, false, fapiHappy},
	{"user-rejects-authentication", false, false, func(f *fapi) {
		q, b := f.asking(), f.browser()
		f.bring(b, f.pushed(q))
		b.press("submit", "identifier", b.person.email, "password", b.person.password).press("deny")
		f.denied(b, q, "access_denied")
	}},
	{"ensure-authorization-request-without-state-success", false, false, func(f *fapi) { f.whole("state", "") }},
	{"ensure-authorization-request-without-nonce-success", false, true, func(f *fapi) { f.whole("nonce", "") }},
	{"ensure-authorization-request-with-64-char-nonce-success", false, true, func(f *fapi) { f.whole("nonce", strings.Repeat("n0", 32)) }},
	{"ensure-authorization-request-with-long-nonce", false, true, func(f *fapi) { f.whole("nonce", strings.Repeat("n0", 192)) }},
	{"ensure-authorization-request-with-long-state", false, false, func(f *fapi) { f.whole("state", strings.Repeat("s0", 500)) }},
	{"ensure-other-scope-order-succeeds", false, true, func(f *fapi) {
		t := f.whole("scope", "accounts openid")
		f.opens(t.access)
	}},
	{"test-claims-parameter-identity-claims", false, true, fapiClaims},
	{"ensure-different-nonce-inside-and-outside-request-object", false, true, func(f *fapi) {
		q := f.asking()
		code := f.code(f.bring(f.browser(), f.pushed(q), "nonce", "another").walk(), q)
		f.bound(f.token(code), q)
	}},
	{"ensure-different-state-inside-and-outside-request-object", false, false, func(f *fapi) {
		q := f.asking()
		f.code(f.bring(f.browser(), f.pushed(q), "state", "another").walk(), q)
	}},
	{"state-only-outside-request-object-not-used", false, false, func(f *fapi) {
		q := f.asking("state", "")
		f.code(f.bring(f.browser(), f.pushed(q), "state", "outside").walk(), q)
	}},
	{"ensure-unsigned-authorization-request-without-using-par-fails", false, false, func(f *fapi) {
		q := f.asking()
		f.denied(f.authorize(f.browser(), q), q, "invalid_request", "invalid_request_object")
	}},
	{"ensure-authorization-code-is-bound-to-client", false, false, func(f *fapi) {
		code, other := f.authorized(f.asking()), f.run.fapi(f.profile, "EdDSA")
		other.verifier, other.dpop = f.verifier, f.dpop
		other.token(code).refused("invalid_grant")
		f.token(code).refusedNot()
	}},
	{"attempt-reuse-authorization-code-after-one-second", false, false, func(f *fapi) {
		code := f.authorized(f.asking())
		t := f.granted(f.token(code))
		f.wait(time.Second)
		f.token(code).refused("invalid_grant")
		f.refresh(t.refresh).refused("invalid_grant")
		if a := f.visit(t.access); f.profile.openid && a.status != http.StatusUnauthorized {
			f.Errorf("the token goes on: %d", a.status)
		}
	}},
	{"ensure-token-endpoint-fails-with-expired-auth-code", false, false, func(f *fapi) {
		code := f.authorized(f.asking())
		f.wait(65 * time.Second)
		f.token(code).refused("invalid_grant")
	}},
	{"refresh-token", false, false, fapiRefresh},
}

func (a answer) refusedNot() {
	a.Helper()
	if a.status != http.StatusOK {
		a.Errorf("%d %s", a.status, a.body)
	}
}

// OA-90: what the profile needs is announced, and every endpoint is there.
func fapiDiscovery(f *fapi) {
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		a := f.get(f.issuer + path)
		d := a.object()
		if a.status != http.StatusOK || text(d, "issuer") != f.issuer || d["authorization_response_iss_parameter_supported"] != true {
			f.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		for name, value := range map[string]string{
			"code_challenge_methods_supported": "S256", "token_endpoint_auth_methods_supported": "private_key_jwt", "grant_types_supported": "client_credentials",
			"response_types_supported": "code", "token_endpoint_auth_signing_alg_values_supported": "PS256", "dpop_signing_alg_values_supported": "ES256",
		} {
			if !has(d, name, value) {
				f.Errorf("%s: %s is %v", path, name, d[name])
			}
		}
		if has(d, "code_challenge_methods_supported", "plain") || has(d, "dpop_signing_alg_values_supported", "RS256") {
			f.Errorf("%s announces what is refused: %s", path, a.body)
		}
		for _, name := range []string{parEndpoint, tokenEndpoint, "authorization_endpoint", "jwks_uri"} {
			if !strings.HasPrefix(text(d, name), f.issuer+"/") || f.get(text(d, name)).status == http.StatusNotFound {
				f.Errorf("%s: %s is %v", path, name, d[name])
			}
		}
	}
	f.keys()
}

// fapiHappy is the whole way for two clients with keys of two kinds.
func fapiHappy(f *fapi) {
	second := f.run.fapi(f.profile, "PS256")
	second.dpop = newProver(f.T, "EdDSA")
	for _, c := range []*fapi{f, second} {
		t := c.whole()
		c.opens(t.access)
		r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, c.api+"?access_token="+url.QueryEscape(t.access), nil)
		c.must(err)
		if a := c.do(r); a.status/100 != 4 {
			c.Errorf("a token in the query: %d", a.status)
		}
	}
}

// fapiClaims asks for every claim that is announced, at both places.
func fapiClaims(f *fapi) {
	names := list(f.discovery(), "claims_supported")
	each := map[string]any{}
	for _, name := range names {
		each[name] = map[string]any{"essential": true}
	}
	t := f.whole("claims", string(encode(f.T, map[string]any{"id_token": each, "userinfo": each})))
	told := f.visit(t.access).object()
	for _, name := range []string{"name", "email", "email_verified", "updated_at"} {
		if !slices.Contains(names, name) || t.claims[name] == nil || told[name] == nil || t.claims[name] != told[name] {
			f.Errorf("%s: %v in the ID token, %v at UserInfo", name, t.claims[name], told[name])
		}
	}
	if text(told, "sub") != text(t.claims, "sub") {
		f.Errorf("sub: %v, %v", told["sub"], t.claims["sub"])
	}
}

func (f *fapi) refresh(token string, more ...func(*form)) answer {
	f.Helper()
	r := form{endpoint: tokenEndpoint, by: f.dpop, fields: url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}}
	for _, change := range more {
		change(&r)
	}
	return f.send(r)
}

// OA-44: the refresh token stays; it needs the client's assertion and a key.
func fapiRefresh(f *fapi) {
	t, other := f.whole(), f.run.fapi(f.profile, "ES256")
	again := f.granted(f.refresh(t.refresh))
	if again.refresh != "" && again.refresh != t.refresh {
		f.Errorf("it was rotated")
	}
	f.opens(again.access)
	f.refresh(t.refresh, bare, fields("client_id", f.id)).refused("invalid_client")
	f.refresh(t.refresh, provenBy(nil)).refused("invalid_dpop_proof")
	other.refresh(t.refresh).refused("invalid_grant")
	f.opens(f.granted(f.refresh(t.refresh)).access)
}
