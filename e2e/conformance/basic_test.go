package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// OA-1 OA-11 OA-16 OA-17 OA-18 OA-92 OA-97: the modules of Basic OP.
func TestConformanceBasicOP(t *testing.T) {
	t.Attr("plan", "oidcc-basic-certification-test-plan")
	plan(t, variant{}, basic())
}

// Form Post OP is the same modules with every response as a form.
func TestConformanceFormPostOP(t *testing.T) {
	t.Attr("plan", "oidcc-formpost-basic-certification-test-plan")
	plan(t, variant{formPost: true}, basic())
}

func basic() []module {
	return []module{
		{"oidcc-server", server},
		{"oidcc-response-type-missing", responseTypeMissing},
		{"oidcc-idtoken-signature", idTokenSignature},
		{"oidcc-idtoken-unsigned", idTokenUnsigned},
		{"oidcc-userinfo-get", func(m *run) { c := m.rp.client(); c.userinfo(c.signIn(m.browser())) }},
		{"oidcc-userinfo-post-header", userinfoPostHeader},
		{"oidcc-userinfo-post-body", userinfoPostBody},
		{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", signingIn("nonce", "")},
		{"oidcc-scope-profile", scope("profile")},
		{"oidcc-scope-email", scope("email")},
		{"oidcc-scope-address", scope("address")},
		{"oidcc-scope-phone", scope("phone")},
		{"oidcc-scope-all", scope("profile email address phone")},
		{"oidcc-alternate-happy-flow", alternate},
		{"oidcc-display-page", signingIn("display", "page")},
		{"oidcc-display-popup", signingIn("display", "popup")},
		{"oidcc-prompt-login", promptLogin},
		{"oidcc-prompt-none-not-logged-in", promptNoneStranger},
		{"oidcc-prompt-none-logged-in", silently(nil)},
		{"oidcc-max-age-1", maxAge1},
		{"oidcc-max-age-10000", maxAge10000},
		{"oidcc-ensure-request-with-unknown-parameter-succeeds", signingIn("extra", "foobar")},
		{"oidcc-id-token-hint", silently(func(t tokens) []string { return []string{"id_token_hint", t.idToken} })},
		{"oidcc-login-hint", loginHint},
		{"oidcc-ui-locales", signingIn("ui_locales", "se")},
		{"oidcc-claims-locales", signingIn("claims_locales", "se")},
		{"oidcc-ensure-request-with-acr-values-succeeds", acrValues},
		{"oidcc-codereuse", codeReuse(0)},
		{"oidcc-codereuse-30seconds", codeReuse(30 * time.Second)},
		{"oidcc-ensure-registered-redirect-uri", unregisteredRedirect},
		{"oidcc-ensure-post-request-succeeds", postRequest},
		{"oidcc-server-client-secret-post", secretPost},
		{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", requestURI("none")},
		{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", requestObject},
		{"oidcc-claims-essential", claimsEssential},
		{"oidcc-ensure-request-object-with-redirect-uri", requestObjectRedirect},
		{"oidcc-refresh-token", refreshToken},
		{"oidcc-ensure-request-with-valid-pkce-succeeds", pkce},
	}
}

// server is the happy path with two clients.
func server(m *run) {
	b := m.browser()
	for range 2 {
		m.rp.client().signIn(b)
	}
}

// signingIn is the happy path with parameters changed.
func signingIn(change ...string) func(*run) {
	return func(m *run) { m.rp.client().signIn(m.browser(), change...) }
}

func responseTypeMissing(m *run) {
	c, b := m.rp.client(), m.browser()
	q := c.asking("response_type", "")
	if c.authorize(b, q); b.page.code() != "" {
		c.stranded(b, "invalid_request", "unsupported_response_type")
		return
	}
	c.denied(b, q, "invalid_request", "unsupported_response_type")
}

func idTokenSignature(m *run) {
	c := m.rp.register(m.rp.metadata())
	if t := c.signIn(m.browser()); t.header["alg"] != "RS256" || t.header["kid"] == nil {
		m.Errorf("the header is %v", t.header)
	}
}

func idTokenUnsigned(m *run) {
	status, said := m.rp.tryRegister(m.rp.metadata(map[string]any{"id_token_signed_response_alg": "none"}))
	if status != http.StatusBadRequest || text(said, "error") != "invalid_client_metadata" || has(m.discovery(), "id_token_signing_alg_values_supported", "none") {
		m.Fatalf("%d %v", status, said)
	}
	m.notOffered("ID tokens are always signed: the registration is refused")
}

func userinfoPostHeader(m *run) {
	c := m.rp.client()
	t := c.signIn(m.browser())
	r, err := http.NewRequestWithContext(m.Context(), http.MethodPost, m.discovered("userinfo_endpoint"), nil)
	m.must(err)
	r.Header.Set("Authorization", "Bearer "+t.access)
	c.disclosed(m.do(r), t)
}

func userinfoPostBody(m *run) {
	c := m.rp.client()
	t := c.signIn(m.browser())
	body := strings.NewReader(url.Values{"access_token": {t.access}}.Encode())
	r, err := http.NewRequestWithContext(m.Context(), http.MethodPost, m.discovered("userinfo_endpoint"), body)
	m.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.disclosed(m.do(r), t)
}

// claimsOf are the claims of each scope (OpenID Connect Core section 5.4).
var claimsOf = map[string][]string{
	"profile": {"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"},
	"email":   {"email", "email_verified"}, "address": {"address"}, "phone": {"phone_number", "phone_number_verified"},
}

// scope wants the claims of scopes from UserInfo; what is missing is a warning.
func scope(names string) func(*run) {
	return func(m *run) {
		c := m.rp.client(map[string]any{"scope": "openid profile email"})
		q := c.asking("scope", "openid "+names)
		t := c.redeem(c.code(c.authorize(m.browser(), q), q), q)
		claims, supported := c.userinfo(t), m.discovery()
		var missing, foreign []string
		for _, name := range strings.Fields(names) {
			if !has(supported, "scopes_supported", name) {
				foreign = append(foreign, name)
				continue
			}
			for _, claim := range claimsOf[name] {
				if claims[claim] == nil {
					missing = append(missing, claim)
				}
			}
		}
		switch {
		case len(missing) > 0 && claims["name"] == nil && claims["email"] == nil:
			m.Errorf("UserInfo says %v", claims)
		case len(foreign) > 0:
			m.notOffered("scopes_supported has no %s; asked for all the same, it is ignored", strings.Join(foreign, ", "))
		case len(missing) > 0:
			m.warn("accounts have no %s", strings.Join(missing, ", "))
		}
	}
}

// alternate has the scopes and the parameters in another order.
func alternate(m *run) {
	c, b := m.rp.client(), m.browser()
	q := c.asking("scope", "email profile openid")
	parts := strings.Split(q.Encode(), "&")
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	b.open(m.discovered("authorization_endpoint") + "?" + strings.Join(parts, "&")).walk()
	c.userinfo(c.redeem(c.code(b, q), q))
}

func promptLogin(m *run) {
	c, b := m.rp.client(), m.browser()
	first := c.signIn(b)
	m.wait(time.Second)
	second := c.signIn(b, "prompt", "login")
	if !b.was("again") && !b.was("login") {
		m.Errorf("nobody was asked: %v", b.seen)
	}
	c.newer(first, second)
}

// newer wants the same person, signed in later.
func (c *client) newer(first, second tokens) {
	c.Helper()
	before, _ := first.claims["auth_time"].(float64)
	after, _ := second.claims["auth_time"].(float64)
	if first.claims["sub"] != second.claims["sub"] || before == 0 || after <= before {
		c.Errorf("%v at %v, then %v at %v", first.claims["sub"], before, second.claims["sub"], after)
	}
}

func promptNoneStranger(m *run) {
	c, b := m.rp.client(), m.browser()
	q := c.asking("prompt", "none")
	c.authorize(b, q)
	c.denied(b, q, "login_required", "interaction_required")
	b.silent()
}

// silent wants that the person was not asked anything; a form that is sent on is no
// question.
func (b *browser) silent() {
	b.Helper()
	for _, what := range b.seen {
		if what != "respond" {
			b.Errorf("the person saw %v", b.seen)
		}
	}
}

// silently signs in again without a word, by prompt=none and what more there is.
func silently(more func(tokens) []string) func(*run) {
	return func(m *run) {
		c, b := m.rp.client(), m.browser()
		first := c.signIn(b)
		m.wait(time.Second)
		change := []string{"prompt", "none"}
		if more != nil {
			change = append(change, more(first)...)
		}
		second := c.signIn(b, change...)
		b.silent()
		c.unmoved(first, second)
	}
}

// unmoved wants the same person by the same sign-in.
func (c *client) unmoved(first, second tokens) {
	c.Helper()
	for _, name := range []string{"iss", "sub", "auth_time"} {
		if first.claims[name] != second.claims[name] {
			c.Errorf("%s was %v and is %v", name, first.claims[name], second.claims[name])
		}
	}
}

func maxAge1(m *run) {
	c, b := m.rp.client(), m.browser()
	first := c.signIn(b)
	m.wait(2 * time.Second)
	second := c.signIn(b, "max_age", "1")
	if !b.was("again") && !b.was("login") {
		m.Errorf("nobody was asked: %v", b.seen)
	}
	c.newer(first, second)
}

func maxAge10000(m *run) {
	c, b := m.rp.client(), m.browser()
	first := c.signIn(b, "max_age", "15000")
	m.wait(time.Second)
	second := c.signIn(b, "max_age", "10000")
	b.silent()
	c.unmoved(first, second)
}

func loginHint(m *run) {
	c, b := m.rp.client(), m.browser()
	c.signIn(b, "login_hint", m.person.email)
}

func acrValues(m *run) {
	c := m.rp.client()
	offered := list(m.discovery(), "acr_values_supported")
	t := c.signIn(m.browser(), "acr_values", strings.Join(offered, " "))
	if !has(map[string]any{"of": m.discovery()["acr_values_supported"]}, "of", text(t.claims, "acr")) {
		m.warn("acr is %v, asked for was one of %v", t.claims["acr"], offered)
	}
}

// codeReuse brings a code a second time, later.
func codeReuse(later time.Duration) func(*run) {
	return func(m *run) {
		c, b := m.rp.client(), m.browser()
		q := c.asking()
		code := c.code(c.authorize(b, q), q)
		t := c.redeem(code, q)
		c.userinfo(t)
		m.wait(later)
		again := c.tryRedeem(code, q)
		again.refused("invalid_grant")
		if strings.ContainsAny(text(again.object(), "error_description"), "\r\n\t") {
			m.Error("error_description has more than one line")
		}
		r, err := http.NewRequestWithContext(m.Context(), http.MethodGet, m.discovered("userinfo_endpoint"), nil)
		m.must(err)
		r.Header.Set("Authorization", "Bearer "+t.access)
		if a := m.do(r); a.status != http.StatusUnauthorized {
			m.Errorf("the access token of the first use: %d", a.status)
		}
	}
}

func unregisteredRedirect(m *run) {
	c, b := m.rp.client(), m.browser()
	c.authorize(b, c.asking("redirect_uri", c.callback()+"/unregistered"))
	c.stranded(b, "redirect_uri_mismatch")
}

func postRequest(m *run) {
	c, b := m.rp.client(), m.browser()
	for range 2 { // the second time somebody is signed in
		q := c.asking()
		b.send(m.discovered("authorization_endpoint"), q).walk()
		c.userinfo(c.redeem(c.code(b, q), q))
	}
}

func secretPost(m *run) {
	m.rp.client(map[string]any{"token_endpoint_auth_method": "client_secret_post"}).signIn(m.browser())
}

func claimsEssential(m *run) {
	c := m.rp.client()
	q := c.asking("claims", `{"userinfo":{"name":{"essential":true}}}`)
	t := c.redeem(c.code(c.authorize(m.browser(), q), q), q)
	if claims := c.userinfo(t); claims["name"] != m.person.name {
		m.Errorf("UserInfo says %v", claims)
	}
}

func pkce(m *run) {
	c := m.rp.client()
	verifier, challenge := proofKey()
	q := c.asking("code_challenge", challenge, "code_challenge_method", "S256")
	code := c.code(c.authorize(m.browser(), q), q)
	c.tryRedeem(code, q, "code_verifier", strings.Repeat("a", 43)).refused("invalid_grant")
	c.userinfo(c.redeem(code, q, "code_verifier", verifier))
}

// refreshToken refreshes for two clients, and tries one's token as the other.
func refreshToken(m *run) {
	b := m.browser()
	kinds := map[string]any{"grant_types": []string{"authorization_code", "refresh_token"}, "scope": "openid offline_access"}
	one, two := m.rp.client(kinds), m.rp.client(kinds)
	var last tokens
	for _, c := range []*client{one, two} {
		q := c.asking("scope", "openid offline_access", "prompt", "consent")
		first := c.redeem(c.code(c.authorize(b, q), q), q)
		if entropy(m, "refresh token", first.refresh); strings.ContainsFunc(first.refresh, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			m.Errorf("refresh token %q", first.refresh)
		}
		m.wait(time.Second)
		last = c.granted(c.post(m.discovered("token_endpoint"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.refresh}}))
		c.renewed(first, last, q)
		c.userinfo(last)
	}
	if last.refresh != "" {
		one.post(m.discovered("token_endpoint"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {last.refresh}}).refused("invalid_grant", "invalid_client", "unauthorized_client")
	}
}

// renewed is OpenID Connect Core section 12.2.
func (c *client) renewed(first, second tokens, q url.Values) {
	c.Helper()
	if second.access == first.access {
		c.Error("the access token is the same")
	}
	if second.idToken == "" {
		return
	}
	if n := second.claims["nonce"]; n != nil && n != q.Get("nonce") {
		c.Errorf("nonce is %v", n)
	}
	for _, name := range []string{"iss", "sub", "aud", "azp", "auth_time"} {
		if a, b := asJSON(first.claims[name]), asJSON(second.claims[name]); a != b {
			c.Errorf("%s was %s and is %s", name, a, b)
		}
	}
	before, _ := first.claims["iat"].(float64)
	if after, _ := second.claims["iat"].(float64); after <= before {
		c.Errorf("iat was %v and is %v", before, after)
	}
}

func asJSON(v any) string { b, _ := json.Marshal(v); return string(b) }
