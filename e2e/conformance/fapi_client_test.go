package conformance

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/verify"
)

// profile is the variant that a FAPI module runs in: private_key_jwt and DPoP always.
type profile struct {
	openid  bool // openid_connect, else plain_oauth
	machine bool // fapi_client_credentials_grant
}

// fapi is one client of the FAPI 2.0 plan, and the API that it calls.
type fapi struct {
	*client
	profile  profile
	signs    *prover // its assertions
	dpop     *prover
	api      string // address of the API
	verifier string
	nonces   map[string]string // the latest DPoP nonce of each origin
}

const fapiAPI = "https://api.example.test"

// fapi declares a client whose keys are of an algorithm.
func (m *run) fapi(v profile, alg string) *fapi {
	m.Helper()
	f := &fapi{profile: v, signs: newProver(m.T, alg), dpop: newProver(m.T, "ES256"), verifier: rand.Text() + rand.Text(), nonces: map[string]string{}}
	m.apply(m.T, map[string]any{
		"scopes":    []any{map[string]any{"name": "accounts"}},
		"resources": []any{map[string]any{"identifier": fapiAPI, "scopes": []string{"accounts"}, "access_token_format": "jwt"}},
	})
	meta := map[string]any{
		"profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": f.signs.set(), "resources": []string{fapiAPI},
		"grant_types": []string{"authorization_code", "refresh_token"}, "scope": "openid profile email accounts",
	}
	if v.machine {
		meta["grant_types"], meta["response_types"], meta["redirect_uris"], meta["scope"] = []string{"client_credentials"}, []string{}, []string{}, "accounts"
	}
	f.client = m.rp.declare(m.rp.metadata(meta))
	f.api = f.issuer + "/oauth2/userinfo"
	if !v.openid {
		f.api = m.resource()
	}
	return f
}

// resource is an API that checks tokens with the package that services use.
func (m *run) resource() string {
	m.Helper()
	v, err := verify.New(m.Context(), m.issuer, verify.Audience(fapiAPI), verify.InsecureWithoutRevocation(), verify.HTTPClient(m.http), verify.Now(m.clock.Now))
	m.must(err)
	ts := httptest.NewTLSServer(v.Require()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })))
	m.Cleanup(func() { ts.Close(); _ = v.Close() })
	return ts.URL + "/accounts"
}

// signed is an assertion of the client's.
func (f *fapi) signed(edits ...edit) string {
	f.Helper()
	now := f.clock.Now()
	return f.signs.sign(edited(map[string]any{"alg": f.signs.alg, "kid": f.signs.kid}, map[string]any{
		"iss": f.id, "sub": f.id, "aud": f.issuer, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}, edits))
}

// proof is one of possession of k, for a request, at now.
func proof(k *prover, now time.Time, method, address string, edits ...edit) string {
	k.t.Helper()
	return k.sign(edited(map[string]any{"alg": k.alg, "typ": "dpop+jwt", "jwk": k.jwk}, map[string]any{
		"jti": rand.Text(), "htm": method, "htu": address, "iat": now.Unix(),
	}, edits))
}

// form is a request of the client's to an endpoint.
type form struct {
	endpoint  string // its name in the metadata
	fields    url.Values
	assertion func() string // nil: a good one
	bare      bool          // no assertion
	by        *prover       // whose proof goes with it; nil: none does
	proof     []edit        // changes it
}

// send sends it, and once more with the nonce that is asked for, as clients do.
func (f *fapi) send(r form) answer {
	f.Helper()
	a := f.sendOnce(r)
	if text(a.object(), "error") == "use_dpop_nonce" {
		a = f.sendOnce(r)
	}
	return a
}

func (f *fapi) sendOnce(r form) answer {
	f.Helper()
	v := with(r.fields)
	if !r.bare {
		assertion := f.signed
		v.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		if v.Set("client_assertion", ""); r.assertion != nil {
			v.Set("client_assertion", r.assertion())
		} else {
			v.Set("client_assertion", assertion())
		}
	}
	address := f.discovered(r.endpoint)
	req, err := http.NewRequestWithContext(f.Context(), http.MethodPost, address, strings.NewReader(v.Encode()))
	f.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Fapi-Interaction-Id", rand.Text())
	if r.by != nil {
		req.Header.Set("DPoP", proof(r.by, f.clock.Now(), http.MethodPost, address, append(f.nonced(f.issuer), r.proof...)...))
	}
	a := f.do(req)
	f.learn(f.issuer, a)
	return a
}

// nonced puts the latest nonce of an origin into a proof.
func (f *fapi) nonced(origin string) []edit {
	if n := f.nonces[origin]; n != "" {
		return []edit{claim("nonce", n)}
	}
	return nil
}

func (f *fapi) learn(origin string, a answer) {
	if n := a.header.Get("DPoP-Nonce"); n != "" {
		f.nonces[origin] = n
	}
}

// asking is what the client asks for, with parameters changed.
func (f *fapi) asking(change ...string) url.Values {
	sum := sha256.Sum256([]byte(f.verifier))
	q := url.Values{
		"client_id": {f.id}, "response_type": {"code"}, "redirect_uri": {f.callback()}, "scope": {"accounts"}, "state": {rand.Text()},
		"code_challenge": {b64.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if f.profile.openid {
		q.Set("scope", "openid accounts")
		q.Set("nonce", rand.Text())
	}
	return with(q, change...)
}

const parEndpoint, tokenEndpoint = "pushed_authorization_request_endpoint", "token_endpoint"

// par pushes a request; more changes how.
func (f *fapi) par(q url.Values, more ...func(*form)) answer {
	f.Helper()
	r := form{endpoint: parEndpoint, fields: q}
	for _, change := range more {
		change(&r)
	}
	return f.send(r)
}

// pushed is the request_uri of a request that was taken.
func (f *fapi) pushed(q url.Values, more ...func(*form)) string {
	f.Helper()
	a := f.par(q, more...)
	uri, life := text(a.object(), "request_uri"), a.object()["expires_in"]
	if n, _ := life.(float64); a.status != http.StatusCreated || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || n < 5 || n >= 600 {
		f.Fatalf("PAR: %d %s", a.status, a.body)
	}
	return uri
}

// provenBy has a request carry a proof by k, changed by edits.
func provenBy(k *prover, edits ...edit) func(*form) {
	return func(r *form) { r.by, r.proof = k, edits }
}

// asserting has a request carry an assertion that differs.
func (f *fapi) asserting(edits ...edit) func(*form) {
	return func(r *form) { r.assertion = func() string { return f.signed(edits...) } }
}

// bring takes a request_uri to the authorization endpoint.
func (f *fapi) bring(b *browser, uri string, more ...string) *browser {
	f.Helper()
	front := with(url.Values{"client_id": {f.id}, "request_uri": {uri}}, more...)
	return b.open(f.discovered("authorization_endpoint") + "?" + front.Encode())
}

// authorized is the code of a request that was pushed, by the pages.
func (f *fapi) authorized(q url.Values, more ...func(*form)) string {
	f.Helper()
	return f.code(f.bring(f.browser(), f.pushed(q, more...)).walk(), q)
}

// token is the token request for a code.
func (f *fapi) token(code string, more ...func(*form)) answer {
	f.Helper()
	r := form{endpoint: tokenEndpoint, by: f.dpop, fields: url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {f.callback()}, "code_verifier": {f.verifier},
	}}
	if f.profile.machine {
		r.fields = url.Values{"grant_type": {"client_credentials"}}
	}
	for _, change := range more {
		change(&r)
	}
	return f.send(r)
}

// fields changes parameters of a form.
func fields(change ...string) func(*form) {
	return func(r *form) { r.fields = with(r.fields, change...) }
}

func bare(r *form) { r.bare = true }

// whole goes the whole way, to tokens that are checked.
func (f *fapi) whole(change ...string) tokens {
	f.Helper()
	q, code := f.asking(change...), ""
	if !f.profile.machine {
		code = f.authorized(q)
	}
	return f.bound(f.token(code), q)
}

// bound checks tokens that are bound to a key.
func (f *fapi) bound(a answer, q url.Values) tokens {
	f.Helper()
	t := f.granted(a)
	if !strings.EqualFold(text(t.raw, "token_type"), "DPoP") {
		f.Errorf("token_type is %v", t.raw["token_type"])
	}
	if f.profile.openid {
		f.checkIDToken(t, q)
		if alg := text(t.header, "alg"); alg != "PS256" && alg != "ES256" && alg != "EdDSA" {
			f.Errorf("the ID token is signed with %s", alg)
		}
	} else if t.idToken != "" {
		f.Errorf("an ID token without openid")
	}
	return t
}

// visit calls the API: with one proof for each list of edits.
func (f *fapi) visit(access string, edits ...edit) answer {
	f.Helper()
	a := f.visitOnce(access, edits...)
	if wantsNonce(a) {
		a = f.visitOnce(access, edits...)
	}
	return a
}

func wantsNonce(a answer) bool {
	return strings.Contains(a.header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`)
}

func (f *fapi) visitOnce(access string, edits ...edit) answer {
	f.Helper()
	return f.call("DPoP "+access, f.proven(access, edits...))
}

// proven is a proof for the API, good but for the edits.
func (f *fapi) proven(access string, edits ...edit) string {
	f.Helper()
	sum := sha256.Sum256([]byte(access))
	all := append([]edit{claim("ath", b64.EncodeToString(sum[:]))}, f.nonced(f.api)...)
	return proof(f.dpop, f.clock.Now(), http.MethodGet, f.api, append(all, edits...)...)
}

// call calls the API with whatever headers.
func (f *fapi) call(authorization string, proofs ...string) answer {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), http.MethodGet, f.api, nil)
	f.must(err)
	for name, value := range map[string]string{
		"X-Fapi-Auth-Date": "Sun, 22 Nov 2026 08:00:00 GMT", "X-Fapi-Customer-Ip-Address": "2001:db8::1", "X-Fapi-Interaction-Id": rand.Text(),
		"Accept": "application/json, application/*+json, */*", "Accept-Charset": "utf-8",
	} {
		r.Header.Set(name, value)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	for _, p := range proofs {
		r.Header.Add("DPoP", p)
	}
	a := f.do(r)
	f.learn(f.api, a)
	return a
}

// opens wants the API to answer.
func (f *fapi) opens(access string, edits ...edit) {
	f.Helper()
	if a := f.visit(access, edits...); a.status != http.StatusOK {
		f.Errorf("the API: %d %s", a.status, a.header.Get("WWW-Authenticate"))
	}
}

// fapiModule is a module of the plan: what its name lacks is the plan's prefix.
type fapiModule struct {
	name    string
	machine bool // of fapi_client_credentials_grant too
	openid  bool // of openid_connect only
	run     func(f *fapi)
}

// plan is the plan in a variant.
func (v profile) plan(t *testing.T, all ...[]fapiModule) {
	var of []module
	for _, modules := range all {
		for _, mod := range modules {
			if v.machine && !mod.machine || mod.openid && !v.openid {
				continue
			}
			of = append(of, module{"fapi2-security-profile-final-" + mod.name, func(m *run) { mod.run(m.fapi(v, "ES256")) }})
		}
	}
	plan(t, variant{auth: "private_key_jwt"}, of)
}
