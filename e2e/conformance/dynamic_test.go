package conformance

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// OA-32 OA-70 OA-72 OA-75: the modules of Dynamic OP.
func TestConformanceDynamicOP(t *testing.T) {
	t.Attr("plan", "oidcc-dynamic-certification-test-plan")
	plan(t, variant{dynamic: true, auth: "private_key_jwt", older: true}, []module{
		{"oidcc-idtoken-rs256", idTokenRS256},
		{"oidcc-idtoken-unsigned", idTokenUnsigned},
		{"oidcc-userinfo-rs256", userinfoRS256},
		{"oidcc-ensure-redirect-uri-in-authorization-request", noRedirect},
		{"oidcc-redirect-uri-query-OK", redirectQuery("?foo=bar", "?foo=bar")},
		{"oidcc-redirect-uri-query-mismatch", redirectQuery("?foo=bar", "?foo=baz")},
		{"oidcc-redirect-uri-query-added", redirectQuery("", "?foo=bar")},
		{"oidcc-redirect-uri-regfrag", redirectFragment},
		{"oidcc-discovery-endpoint-verification", dynamicDiscovery},
		{"oidcc-server", server},
		{"oidcc-registration-logo-uri", registrationLogo},
		{"oidcc-registration-policy-uri", registrationLink("policy_uri")},
		{"oidcc-registration-tos-uri", registrationLink("tos_uri")},
		{"oidcc-registration-jwks-uri", registrationJWKS},
		{"oidcc-registration-sector-uri", sector},
		{"oidcc-registration-sector-bad", sectorBad},
		{"oidcc-server-rotate-keys", rotateKeys},
		{"oidcc-refresh-token-rp-key-rotation", clientRotation},
		{"oidcc-request-uri-unsigned", requestURI("none")},
		{"oidcc-request-uri-signed-rs256", requestURI("RS256")},
		{"oidcc-ensure-request-object-with-redirect-uri", requestObjectRedirect},
		{"oidcc-refresh-token", refreshToken},
		{"oidcc-ensure-client-assertion-with-iss-aud-succeeds", issuerAudience},
	})
}

func idTokenRS256(m *run) {
	c := m.rp.client(map[string]any{"id_token_signed_response_alg": "RS256"})
	if t := c.signIn(m.browser()); t.header["alg"] != "RS256" {
		m.Errorf("the header is %v", t.header)
	}
}

func userinfoRS256(m *run) {
	c := m.rp.client(map[string]any{"userinfo_signed_response_alg": "RS256"})
	q := c.asking("scope", "openid email")
	t := c.redeem(c.code(c.authorize(m.browser(), q), q), q)
	r, err := http.NewRequestWithContext(m.Context(), http.MethodGet, m.discovered("userinfo_endpoint"), nil)
	m.must(err)
	r.Header.Set("Authorization", "Bearer "+t.access)
	a := m.do(r)
	if a.status != http.StatusOK || a.kind() != "application/jwt" {
		m.Fatalf("UserInfo: %d %s", a.status, a.kind())
	}
	claims, header := m.verified(string(a.body))
	if header["alg"] != "RS256" || claims["iss"] != m.issuer || claims["aud"] != c.id || claims["email"] != m.person.email || claims["sub"] != t.claims["sub"] {
		m.Errorf("%v %v", header, claims)
	}
}

func noRedirect(m *run) {
	c, b := m.rp.client(map[string]any{"redirect_uris": []string{m.rp.url + "/callback", m.rp.url + "/second"}}), m.browser()
	c.authorize(b, c.asking("redirect_uri", ""))
	c.stranded(b, "redirect_uri_missing")
}

// redirectQuery registers a redirect address with one query and asks for another.
func redirectQuery(registered, sent string) func(*run) {
	return func(m *run) {
		c, b := m.rp.client(map[string]any{"redirect_uris": []string{m.rp.url + "/callback" + registered}}), m.browser()
		q := c.asking("redirect_uri", c.callback()+sent)
		c.authorize(b, q)
		if registered != sent {
			c.stranded(b, "redirect_uri_mismatch")
			return
		}
		if b.page.url.Query().Get("foo") != "bar" {
			m.Errorf("the query is not kept: %s", b.page.url)
		}
		c.userinfo(c.redeem(c.code(b, q), q))
	}
}

func redirectFragment(m *run) {
	status, said := m.rp.tryRegister(m.rp.keyedMetadata(map[string]any{"redirect_uris": []string{m.rp.url + "/callback#fragment"}}))
	if status != http.StatusBadRequest || text(said, "error") != "invalid_redirect_uri" {
		m.Errorf("%d %v", status, said)
	}
}

// keyedMetadata is metadata with a key of its own.
func (p *rp) keyedMetadata(change map[string]any) map[string]any {
	meta := p.metadata(change)
	p.keyed(meta)
	return meta
}

// registrationLogo wants the logo on the pages, in our own copy: the client's server
// does not learn who looks.
func registrationLogo(m *run) {
	var picture bytes.Buffer
	m.must(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))))
	logo := m.rp.serve("/logo.png", "image/png", picture.String())
	c, b := m.rp.client(map[string]any{"logo_uri": logo, "client_uri": m.rp.url + "/"}), m.browser()
	at := c.consent(b)
	found := ""
	for _, link := range at.links() {
		if strings.HasPrefix(link, "/client-logo/") {
			found = link
		}
	}
	u, err := at.url.Parse(found)
	m.must(err)
	if a := m.get(u.String()); found == "" || a.status != http.StatusOK || !strings.HasPrefix(a.kind(), "image/") {
		m.Errorf("the logo %q: %d %s, of %v", found, a.status, a.kind(), at.links())
	}
	b.press("approve").walk()
	c.last()
}

// consent goes as far as the page that asks, and returns it.
func (c *client) consent(b *browser) page {
	c.Helper()
	b.open(c.discovered("authorization_endpoint") + "?" + c.asking().Encode())
	for range 3 {
		if b.shown() == "consent" {
			return b.page
		}
		b.press("submit", "identifier", b.person.email, "password", b.person.password)
	}
	c.Fatalf("there is no consent page: %s", b.page.text())
	return page{}
}

// registrationLink wants a link of the client's on the pages.
func registrationLink(name string) func(*run) {
	return func(m *run) {
		to := m.rp.url + "/" + name
		c, b := m.rp.client(map[string]any{name: to}), m.browser()
		if at := c.consent(b); !slices.Contains(at.links(), to) {
			m.Errorf("%s is not linked: %v", to, at.links())
		}
		b.press("approve").walk()
		c.last()
	}
}

// elsewhere is a client whose keys are at its jwks_uri.
func (m *run) elsewhere(change map[string]any) *client {
	m.Helper()
	k := newKey(m.T, "RS256")
	change["jwks_uri"] = m.rp.serve("/jwks", "application/json", asJSON(k.public()))
	c := m.rp.client(change)
	c.key = k
	return c
}

func registrationJWKS(m *run) { m.elsewhere(map[string]any{}).signIn(m.browser()) }

func sector(m *run) {
	if !has(m.discovery(), "subject_types_supported", "pairwise") {
		m.Fatal("pairwise subjects are not offered")
	}
	at := m.rp.serve("/redirect_uris.json", "application/json", asJSON([]string{m.rp.url + "/callback"}))
	m.rp.client(map[string]any{"subject_type": "pairwise", "sector_identifier_uri": at}).signIn(m.browser())
}

func sectorBad(m *run) {
	at := m.rp.serve("/redirect_uris.json", "application/json", asJSON([]string{"https://other.example.com/callback"}))
	status, said := m.rp.tryRegister(m.rp.keyedMetadata(map[string]any{"subject_type": "pairwise", "sector_identifier_uri": at}))
	if status != http.StatusBadRequest || text(said, "error") != "invalid_client_metadata" {
		m.Errorf("%d %v", status, said)
	}
}

// rotateKeys is the module that needs an operator.
func rotateKeys(m *run) {
	before := m.keys()
	m.operate(m.T, http.MethodPost, "/keys/rotate", map[string]any{"algorithm": "RS256"})
	after := m.keys()
	known := map[string]bool{}
	for _, k := range before.Keys {
		known[k.KeyID] = true
		if len(after.Key(k.KeyID)) == 0 {
			m.Errorf("the old key %s is gone", k.KeyID)
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(after.Keys), func(k jose.JSONWebKey) bool { return known[k.KeyID] })
	if len(fresh) == 0 {
		m.Error("there is no new key")
	}
	m.rp.client().signIn(m.browser())
}

// clientRotation changes the client's key behind its jwks_uri.
func clientRotation(m *run) {
	c, b := m.elsewhere(map[string]any{"grant_types": []string{"authorization_code", "refresh_token"}, "scope": "openid offline_access"}), m.browser()
	q := c.asking("scope", "openid offline_access", "prompt", "consent")
	first := c.redeem(c.code(c.authorize(b, q), q), q)
	c.key = newKey(m.T, "RS256")
	m.rp.serve("/jwks", "application/json", asJSON(c.key.public()))
	m.wait(time.Minute)
	second := c.granted(c.post(m.discovered("token_endpoint"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.refresh}}))
	c.renewed(first, second, q)
	c.userinfo(second)
}

// issuerAudience authenticates as RFC 10070 wants it.
func issuerAudience(m *run) {
	m.older = false
	m.rp.client().signIn(m.browser())
}
