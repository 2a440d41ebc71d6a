package conformance

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
)

// claims is q as the claims of a request object.
func (c *client) object(q url.Values) map[string]any {
	claims := map[string]any{"iss": c.id, "aud": c.issuer, "iat": c.clock.Now().Unix(), "exp": c.clock.Now().Unix() + 300}
	for name := range q {
		claims[name] = q.Get(name)
	}
	return claims
}

// outside is what OpenID Connect Core section 6.1 wants beside a request object.
func outside(q url.Values, more ...string) url.Values {
	return with(url.Values{"client_id": q["client_id"], "response_type": q["response_type"], "scope": q["scope"]}, more...)
}

// serialized is q as a request object with alg.
func (c *client) serialized(q url.Values, alg string) string {
	c.Helper()
	if alg == "none" {
		return unsigned(c.T, c.object(q))
	}
	return c.key.sign(c.object(q), nil)
}

// unsignedObjects is what a client has to be registered with (OA-75).
var unsignedObjects = map[string]any{"request_object_signing_alg": "none"}

// requestObject passes everything in an unsigned object, by value.
func requestObject(m *run) {
	m.onlyRegistered()
	c, b := m.rp.client(unsignedObjects), m.browser()
	q := c.asking()
	c.authorize(b, outside(q, "request", c.serialized(q, "none")))
	c.userinfo(c.redeem(c.code(b, q), q))
}

// onlyRegistered says that unsigned objects are not offered, so that the suite skips
// the module, and are taken all the same from clients registered for them, which is
// what happens here; nobody else's are.
func (m *run) onlyRegistered() {
	m.Helper()
	if has(m.discovery(), "request_object_signing_alg_values_supported", "none") {
		m.Error("the server offers unsigned request objects")
	}
	m.notOffered("not offered; done here by a client that is registered for unsigned objects")
	c, b := m.rp.client(), m.browser()
	c.authorize(b, outside(c.asking(), "request", c.serialized(c.asking(), "none")))
	c.stranded(b, "invalid_request_object")
}

// requestObjectRedirect has two redirect addresses: the inner one counts.
func requestObjectRedirect(m *run) {
	m.onlyRegistered()
	c, b := m.rp.client(unsignedObjects), m.browser()
	q := c.asking()
	c.authorize(b, outside(q, "request", c.serialized(q, "none"), "redirect_uri", c.callback()+"/other"))
	if b.page.code() != "" {
		c.stranded(b, "redirect_uri_mismatch")
		return
	}
	c.userinfo(c.redeem(c.code(b, q), q))
}

// requestURI passes everything in an object that the server fetches.
func requestURI(alg string) func(*run) {
	return func(m *run) {
		if alg == "none" {
			m.onlyRegistered()
		}
		k := newKey(m.T, "RS256")
		keys := m.rp.serve("/jwks", "application/json", asJSON(k.public()))
		path := "/request/" + rand.Text()
		c := m.rp.register(m.rp.metadata(map[string]any{"request_uris": []string{m.rp.url + path + "#" + rand.Text()}, "jwks_uri": keys, "request_object_signing_alg": alg}))
		c.key = k
		q, b := c.asking(), m.browser()
		at := m.rp.serve(path, "application/oauth-authz-req+jwt", c.serialized(q, alg))
		c.authorize(b, outside(q, "request_uri", at))
		c.userinfo(c.redeem(c.code(b, q), q))
	}
}

// proofKey is a verifier and its challenge (RFC 7636).
func proofKey() (verifier, challenge string) {
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}
