package conformance

import (
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// asking is what the client asks at the authorization endpoint: the least that
// OpenID Connect needs, a state and a nonce, with parameters changed (see with).
func (c *client) asking(change ...string) url.Values {
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.id}, "redirect_uri": {c.callback()}, "scope": {"openid"}, "state": {rand.Text()}, "nonce": {rand.Text()},
	}
	if c.formPost {
		q.Set("response_mode", "form_post")
	}
	return with(q, change...)
}

// authorize sends b to the authorization endpoint, and the person does what is asked.
func (c *client) authorize(b *browser, q url.Values) *browser {
	c.Helper()
	return b.open(c.discovered("authorization_endpoint") + "?" + q.Encode()).walk()
}

// answered is the response that came back, by the right channel, for q.
func (c *client) answered(b *browser, q url.Values) url.Values {
	c.Helper()
	got, ok := c.last()
	if !ok {
		c.Fatalf("nothing came back; the browser is at %s (%d): %s", b.page.url, b.page.status, b.page.text())
	}
	if to := q.Get("redirect_uri"); to != "" {
		if u, err := url.Parse(to); err != nil || u.Path != got.path {
			c.Errorf("it came to %s", got.path)
		}
	}
	response := got.query
	if q.Get("response_mode") == "form_post" {
		response = got.form
		if got.method != http.MethodPost || got.kind != "application/x-www-form-urlencoded" || len(got.query) != 0 {
			c.Errorf("it came by %s of %s with the query %v", got.method, got.kind, got.query)
		}
	} else if got.method != http.MethodGet || len(got.form) != 0 {
		c.Errorf("it came by %s with the form %v", got.method, got.form)
	}
	for name, values := range response {
		if len(values) != 1 {
			c.Errorf("%s came %d times", name, len(values))
		}
	}
	if !reflect.DeepEqual(response["state"], q["state"]) {
		c.Errorf("state is %q, sent was %q", response["state"], q["state"])
	}
	if response.Get("iss") != c.issuer {
		c.Errorf("iss is %q", response.Get("iss"))
	}
	return response
}

// code is the code that came back for q.
func (c *client) code(b *browser, q url.Values) string {
	c.Helper()
	got := c.answered(b, q)
	if got.Get("error") != "" || got.Get("id_token")+got.Get("access_token") != "" {
		c.Fatalf("came back: %v", got)
	}
	entropy(c.run, "code", got.Get("code"))
	return got.Get("code")
}

// denied wants one of the errors to come back for q.
func (c *client) denied(b *browser, q url.Values, codes ...string) {
	c.Helper()
	got := c.answered(b, q)
	for _, code := range codes {
		if got.Get("error") == code && got.Get("code") == "" {
			return
		}
	}
	c.Errorf("came back: %v, want one of %v", got, codes)
}

// stranded wants a page with an error, of the right status, and nothing sent back.
func (c *client) stranded(b *browser, codes ...string) {
	c.Helper()
	if got, called := c.last(); called {
		c.Fatalf("the relying party was called: %v", got)
	}
	for _, code := range codes {
		if b.page.code() == code && b.page.status >= 400 && b.page.status < 500 {
			return
		}
	}
	c.Errorf("%s: %d with the code %q, want one of %v", b.page.url, b.page.status, b.page.code(), codes)
}

// tokens are what the token endpoint gave.
type tokens struct {
	access, refresh, idToken string
	claims, header           map[string]any // of the ID token
	raw                      map[string]any
}

func (c *client) tryRedeem(code string, q url.Values, more ...string) answer {
	c.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {q.Get("redirect_uri")}}
	return c.post(c.discovered("token_endpoint"), with(form, more...))
}

// redeem exchanges the code that came for q.
func (c *client) redeem(code string, q url.Values, more ...string) tokens {
	c.Helper()
	got := c.granted(c.tryRedeem(code, q, more...))
	c.checkIDToken(got, q)
	return got
}

// granted checks a good answer of the token endpoint.
func (c *client) granted(a answer) tokens {
	c.Helper()
	raw := a.object()
	if a.status != http.StatusOK || a.kind() != "application/json" {
		c.Fatalf("the token endpoint: %d %s", a.status, a.body)
	}
	if !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		c.Errorf("the token answer may be kept: %q", a.header.Get("Cache-Control"))
	}
	if kind := text(raw, "token_type"); !strings.EqualFold(kind, "bearer") && !strings.EqualFold(kind, "dpop") {
		c.Errorf("token_type is %q", kind)
	}
	if in, ok := raw["expires_in"].(float64); !ok || in <= 0 || in != math.Trunc(in) {
		c.Errorf("expires_in is %v", raw["expires_in"])
	}
	t := tokens{access: text(raw, "access_token"), refresh: text(raw, "refresh_token"), idToken: text(raw, "id_token"), raw: raw}
	entropy(c.run, "access token", t.access)
	if t.idToken != "" {
		t.claims, t.header = c.verified(t.idToken)
	}
	return t
}

// entropy wants what the suite does: 96 bits at the least by the distribution of
// characters.
func entropy(m *run, what, s string) {
	m.Helper()
	count := map[rune]float64{}
	for _, r := range s {
		count[r]++
	}
	bits := 0.0
	for _, n := range count {
		p := n / float64(len(s))
		bits -= p * math.Log2(p)
	}
	if bits *= float64(len(s)); bits < 96 {
		m.Errorf("the %s has %.0f bits of entropy: %q", what, bits, s)
	}
}

// checkIDToken does OpenID Connect Core section 3.1.3.7 for the answer to q.
func (c *client) checkIDToken(t tokens, q url.Values) {
	c.Helper()
	if t.idToken == "" {
		c.Fatalf("there is no ID token: %v", t.raw)
	}
	now := float64(c.clock.Now().Unix())
	exp, _ := t.claims["exp"].(float64)
	iat, _ := t.claims["iat"].(float64)
	switch {
	case text(t.claims, "iss") != c.issuer, text(t.claims, "aud") != c.id && !reflect.DeepEqual(t.claims["aud"], []any{c.id}):
		c.Errorf("the ID token is of %v for %v", t.claims["iss"], t.claims["aud"])
	case exp <= now, exp > now+24*3600, iat > now+5, iat < now-60:
		c.Errorf("the ID token is of %v until %v, now is %v", iat, exp, now)
	case text(t.claims, "sub") == "", len(text(t.claims, "sub")) > 255:
		c.Errorf("sub is %v", t.claims["sub"])
	case t.claims["nonce"] == nil != (q.Get("nonce") == ""), text(t.claims, "nonce") != q.Get("nonce"):
		c.Errorf("nonce is %v, sent was %q", t.claims["nonce"], q.Get("nonce"))
	case t.claims["azp"] != nil && t.claims["azp"] != c.id:
		c.Errorf("azp is %v", t.claims["azp"])
	case t.claims["at_hash"] != nil && t.claims["at_hash"] != halfHash(text(t.header, "alg"), t.access):
		c.Errorf("at_hash is %v", t.claims["at_hash"])
	}
	if at, ok := t.claims["auth_time"].(float64); q.Get("max_age") != "" && !ok || ok && (at > now || at <= 0) {
		c.Errorf("auth_time is %v", t.claims["auth_time"])
	}
}

// userinfo asks for the claims by GET, and checks them against the ID token.
func (c *client) userinfo(t tokens) map[string]any {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, c.discovered("userinfo_endpoint"), nil)
	c.must(err)
	r.Header.Set("Authorization", "Bearer "+t.access)
	return c.disclosed(c.do(r), t)
}

// disclosed checks an answer of UserInfo.
func (c *client) disclosed(a answer, t tokens) map[string]any {
	c.Helper()
	claims := a.object()
	if a.status != http.StatusOK || a.kind() != "application/json" || claims == nil {
		c.Fatalf("UserInfo: %d %s %s", a.status, a.kind(), a.body)
	}
	c.checkClaims(claims, t)
	return claims
}

// checkClaims wants the types of OpenID Connect Core section 5.1.
func (c *client) checkClaims(claims map[string]any, t tokens) {
	c.Helper()
	if claims["sub"] != t.claims["sub"] {
		c.Errorf("UserInfo is about %v, the ID token about %v", claims["sub"], t.claims["sub"])
	}
	for name, v := range claims {
		want := "string"
		switch name {
		case "email_verified", "phone_number_verified":
			want = "bool"
		case "updated_at":
			want = "float64"
		case "address":
			want = "map[string]interface {}"
		}
		if got := fmt.Sprintf("%T", v); got != want || v == "" {
			c.Errorf("%s is %v (%s, not %s)", name, v, got, want)
		}
	}
}

// signIn is the whole of it: the browser through the pages, the code, the tokens and
// UserInfo.
func (c *client) signIn(b *browser, change ...string) tokens {
	c.Helper()
	q := c.asking(change...)
	t := c.redeem(c.code(c.authorize(b, q), q), q)
	c.userinfo(t)
	return t
}
