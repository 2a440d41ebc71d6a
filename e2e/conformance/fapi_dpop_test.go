package conformance

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// fapiDPoP are the modules about proofs of possession.
var fapiDPoP = []fapiModule{
	{"access-token-type-header-case-sensitivity", true, false, func(f *fapi) {
		t := f.whole()
		f.opens(t.access) // which has the nonce
		for _, scheme := range []string{"DPoP", "dpop", "DPOP", "dPoP"} {
			if a := f.call(scheme+" "+t.access, f.proven(t.access)); a.status != http.StatusOK {
				f.Errorf("%s: %d", scheme, a.status)
			}
		}
	}},
	{"check-dpop-proof-nbf-exp", true, false, func(f *fapi) {
		t, now := f.whole(), f.clock.Now()
		f.opens(t.access, claim("nbf", now.Unix()), claim("exp", now.Add(time.Minute).Unix()))
		for _, odd := range [][]edit{{claim("exp", now.Add(-5*time.Minute).Unix())}, {claim("nbf", now.Add(5*time.Minute).Unix())}} {
			if a := f.visit(t.access, odd...); a.status != http.StatusOK && a.status != http.StatusUnauthorized {
				f.Errorf("%d %s", a.status, a.body)
			}
		}
	}},
	{"ensure-dpopproof-with-iat-10seconds-before-succeeds", true, false, func(f *fapi) { fapiSkew(f, -10*time.Second) }},
	{"ensure-dpopproof-with-iat-10seconds-after-succeeds", true, false, func(f *fapi) { fapiSkew(f, 10*time.Second) }},
	{"ensure-mismatched-dpop-jkt-fails", false, false, func(f *fapi) {
		f.par(f.asking("dpop_jkt", newProver(f.T, "ES256").thumbprint()), provenBy(f.dpop)).refused("invalid_request", "invalid_dpop_proof")
	}},
	{"ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt", false, false, func(f *fapi) {
		code := f.authorized(f.asking(), provenBy(f.dpop))
		f.token(code, provenBy(newProver(f.T, "ES256"))).refused("invalid_grant", "invalid_dpop_proof")
	}},
	{"ensure-token-endpoint-fails-with-mismatched-dpop-jkt", false, false, func(f *fapi) {
		code := f.authorized(f.asking("dpop_jkt", f.dpop.thumbprint()))
		f.token(code, provenBy(newProver(f.T, "ES256"))).refused("invalid_grant", "invalid_dpop_proof")
	}},
	{"ensure-dpopproof-at-par-endpoint-binding-success", false, false, func(f *fapi) {
		q := f.asking()
		f.opens(f.bound(f.token(f.authorized(q, provenBy(f.dpop))), q).access)
	}},
	{"ensure-dpop-auth-code-binding-success", false, false, func(f *fapi) {
		q := f.asking("dpop_jkt", f.dpop.thumbprint())
		f.opens(f.bound(f.token(f.authorized(q, provenBy(f.dpop))), q).access)
	}},
	{"dpop-negative-tests", true, false, fapiNegative},
}

// fapiSkew is a client whose clock is off, at PAR, token endpoint and API.
func fapiSkew(f *fapi, by time.Duration) {
	iat := claim("iat", f.clock.Now().Add(by).Unix())
	q, code := f.asking(), ""
	if !f.profile.machine {
		code = f.authorized(q, provenBy(f.dpop, iat))
	}
	f.opens(f.bound(f.token(code, provenBy(f.dpop, iat)), q).access, iat)
}

// fapiNegative is every bad proof at the API, and the odd ones that are good.
func fapiNegative(f *fapi) {
	access := f.whole().access
	f.opens(access) // which has the nonce
	now := f.clock.Now()
	u, err := url.Parse(f.api)
	f.must(err)
	ath := sha256.Sum256([]byte("another"))
	other := newProver(f.T, "ES256")
	rs := newProver(f.T, "RS256")
	good := func(name string, edits ...edit) {
		if a := f.call("DPoP "+access, f.proven(access, edits...)); a.status != http.StatusOK {
			f.Errorf("%s: %d %s", name, a.status, a.header.Get("WWW-Authenticate"))
		}
	}
	for name, edits := range map[string][]edit{
		"query and fragment": {claim("htu", f.api+"?a=b#c")}, "extra claim": {claim("extra", map[string]any{"a": 1})}, "extra header": {inHead("x-extra", "1")},
		"host in capitals": {claim("htu", "HTTPS://"+strings.ToUpper(u.Host)+u.Path)},
		"members of the key": {func(h, _ map[string]any) {
			h["jwk"] = map[string]any{"kty": "EC", "crv": "P-256", "x": f.dpop.jwk["x"], "y": f.dpop.jwk["y"], "use": "sig", "kid": "1", "alg": "ES256"}
		}},
	} {
		good(name, edits...)
	}
	private := func(h, _ map[string]any) { h["jwk"] = f.dpop.full }
	for name, edits := range map[string][]edit{
		"no typ": {inHead("typ", nil)}, "typ": {inHead("typ", "JWT")}, "no alg": {inHead("alg", nil)}, "alg none": {inHead("alg", "none")}, "alg of another key": {inHead("alg", "ES384")},
		"no jwk": {inHead("jwk", nil)}, "jwk of another": {inHead("jwk", other.jwk)}, "private jwk": {private}, "symmetric jwk": {inHead("jwk", map[string]any{"kty": "oct", "k": "AAAA"})},
		"no jti": {claim("jti", nil)}, "empty jti": {claim("jti", "")}, "no htm": {claim("htm", nil)}, "htm": {claim("htm", "POST")}, "htm in small letters": {claim("htm", "get")},
		"no htu": {claim("htu", nil)}, "htu": {claim("htu", f.api+"/more")}, "htu of another host": {claim("htu", "https://other.example.test"+u.Path)}, "htu by http": {claim("htu", "http://"+u.Host+u.Path)},
		"no iat": {claim("iat", nil)}, "iat an hour ago": {claim("iat", now.Add(-time.Hour).Unix())}, "iat in an hour": {claim("iat", now.Add(time.Hour).Unix())}, "iat a text": {claim("iat", "now")},
		"no ath": {claim("ath", nil)}, "ath of another": {claim("ath", b64.EncodeToString(ath[:]))}, "ath not hashed": {claim("ath", access)}, "crit": {inHead("crit", []string{"exp"})},
	} {
		f.shut(name, f.call("DPoP "+access, f.proven(access, edits...)))
	}
	once := f.proven(access)
	f.shut("two headers", f.call("DPoP "+access, once, f.proven(access)))
	f.shut("two in one header", f.call("DPoP "+access, f.proven(access)+", "+f.proven(access)))
	if a := f.call("DPoP "+access, once); a.status != http.StatusOK {
		f.Errorf("refused before: %d", a.status)
	}
	f.shut("used", f.call("DPoP "+access, once))
	f.shut("no proof", f.call("DPoP "+access))
	f.shut("no JWT", f.call("DPoP "+access, rand.Text()))
	f.shut("Bearer", f.call("Bearer "+access, f.proven(access)))
	f.shut("Bearer, no proof", f.call("Bearer "+access))
	f.shut("nothing", f.call(""))
	body, sig := cutLast(f.proven(access))
	f.shut("signature", f.call("DPoP "+access, body+"."+strings.Repeat("A", len(sig))))
	for name, k := range map[string]*prover{"another key": other, "RS256": rs} {
		mine := f.dpop
		f.dpop = k
		f.shut(name, f.call("DPoP "+access, f.proven(access)))
		f.dpop = mine
	}
	f.opens(access)
}

func cutLast(s string) (before, after string) {
	i := strings.LastIndexByte(s, '.')
	return s[:i], s[i+1:]
}

// shut wants the API to stay shut, with a challenge of the right kind.
func (f *fapi) shut(name string, a answer) {
	f.Helper()
	if a.status != http.StatusUnauthorized && a.status != http.StatusBadRequest || a.header.Get("WWW-Authenticate") == "" || wantsNonce(a) {
		f.Errorf("%s: %d %q", name, a.status, a.header.Get("WWW-Authenticate"))
	}
}
