package conformance

import (
	"net/http"
	"time"
)

// fapiAuth are the modules about how the client proves who it is.
var fapiAuth = []fapiModule{
	{"ensure-client-id-in-token-endpoint", true, false, func(f *fapi) {
		other := f.run.fapi(f.profile, "ES256")
		f.token(f.anyCode(), fields("client_id", other.id)).refused("invalid_client", "invalid_request", "invalid_grant")
	}},
	{"ensure-signed-client-assertion-with-RS256-fails", true, false, func(f *fapi) {
		with := f.run.fapi(f.profile, "PS256")
		with.token(with.anyCode(), with.asserting(inHead("alg", "RS256"))).refused("invalid_client")
	}},
	{"ensure-client-assertion-in-token-endpoint", true, false, func(f *fapi) {
		f.token(f.anyCode(), bare, fields("client_id", f.id)).refused("invalid_client", "invalid_request")
	}},
	{"ensure-client-assertion-with-exp-is-5-minutes-in-past-fails", true, false, func(f *fapi) {
		now := f.clock.Now()
		f.token(f.anyCode(), f.asserting(claim("exp", now.Add(-5*time.Minute).Unix()), claim("iat", now.Add(-6*time.Minute).Unix()))).refused("invalid_client")
	}},
	{"ensure-client-assertion-with-wrong-aud-fails", true, false, func(f *fapi) {
		f.token(f.anyCode(), f.asserting(claim("aud", "https://other.example.org"))).refused("invalid_client")
	}},
	{"ensure-client-assertion-with-no-sub-fails", true, false, func(f *fapi) {
		f.token(f.anyCode(), f.asserting(claim("sub", nil))).refused("invalid_client")
	}},
	{"par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted", false, false, func(f *fapi) {
		at := f.clock.Now().Add(8 * time.Second).Unix()
		f.pushed(f.asking(), f.asserting(claim("nbf", at), claim("iat", at)))
	}},
	{"par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails", false, false, func(f *fapi) {
		at := f.clock.Now().Add(65 * time.Second).Unix()
		f.par(f.asking(), f.asserting(claim("nbf", at), claim("iat", at), claim("exp", at+60))).refused("invalid_client")
	}},
	{"par-test-array-as-audience-fails", false, false, func(f *fapi) {
		f.par(f.asking(), f.asserting(claim("aud", []string{f.issuer}))).refused("invalid_client")
	}},
	{"par-test-par-endpoint-url-as-audience-fails", false, false, func(f *fapi) {
		f.par(f.asking(), f.asserting(claim("aud", f.discovered(parEndpoint)))).refused("invalid_client")
	}},
	{"par-test-token-endpoint-url-as-audience-fails", false, false, func(f *fapi) {
		f.par(f.asking(), f.asserting(claim("aud", f.discovered(tokenEndpoint)))).refused("invalid_client")
	}},
	{"ensure-holder-of-key-required", true, false, func(f *fapi) {
		code := f.anyCode()
		f.token(code, provenBy(nil)).refused("invalid_dpop_proof", "invalid_request", "invalid_grant")
		if a := f.token(code); a.status != http.StatusOK {
			f.Errorf("a request without a proof spoiled the code: %d %s", a.status, a.body)
		}
	}},
}

// anyCode is a code, in the variants that have any.
func (f *fapi) anyCode() string {
	f.Helper()
	if f.profile.machine {
		return ""
	}
	return f.authorized(f.asking())
}
