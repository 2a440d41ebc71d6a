package conformance

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// fapiPAR are the modules about the pushed request.
var fapiPAR = []fapiModule{
	{"ensure-request-object-without-redirect-uri-fails", false, false, noAddress},
	{"ensure-redirect-uri-in-authorization-request", false, false, noAddress},
	{"plain-fapi-tolerate-unregistered-redirect-uri", false, false, func(f *fapi) {
		f.par(f.asking("redirect_uri", f.url+"/unregistered")).refused("invalid_request", "invalid_redirect_uri")
	}},
	{"ensure-response-type-code-idtoken-fails", false, false, func(f *fapi) {
		f.par(f.asking("response_type", "code id_token")).refused("unsupported_response_type", "unauthorized_client", "invalid_request")
	}},
	{"ensure-response-type-token-fails", false, false, func(f *fapi) {
		f.par(f.asking("response_type", "token")).refused("unsupported_response_type", "unauthorized_client", "invalid_request")
	}},
	{"par-ensure-reused-request-uri-prior-to-auth-completion-succeeds", false, false, func(f *fapi) {
		q := f.asking()
		uri, b := f.pushed(q), f.browser()
		f.bring(b, uri)
		f.code(f.bring(b, uri).walk(), q)
	}},
	{"par-attempt-reuse-request_uri", false, false, func(f *fapi) {
		q := f.asking()
		uri, b := f.pushed(q), f.browser()
		f.code(f.bring(b, uri).walk(), q)
		f.stranded(f.bring(b, uri), "invalid_request_uri")
	}},
	{"par-attempt-to-use-expired-request_uri", false, false, func(f *fapi) {
		a := f.par(f.asking())
		life, _ := a.object()["expires_in"].(float64)
		f.wait(time.Duration(life+1) * time.Second)
		f.stranded(f.bring(f.browser(), text(a.object(), "request_uri")), "invalid_request_uri")
	}},
	{"par-attempt-to-use-request_uri-for-different-client", false, false, func(f *fapi) {
		other := f.run.fapi(f.profile, "ES256")
		f.stranded(other.bring(f.browser(), f.pushed(f.asking())), "invalid_request_uri")
	}},
	{"par-authorization-request-containing-request_uri-form-param", false, false, func(f *fapi) {
		f.par(f.asking("request_uri", f.pushed(f.asking()))).refused("invalid_request")
	}},
	{"par-attempt-invalid-http-method", false, false, func(f *fapi) {
		for _, method := range []string{http.MethodGet, http.MethodPut} {
			var body io.Reader
			address := f.discovered(parEndpoint)
			if form := f.asking("client_assertion", f.signed()); method == http.MethodPut {
				body = strings.NewReader(form.Encode())
			} else {
				address += "?" + form.Encode()
			}
			r, err := http.NewRequestWithContext(f.Context(), method, address, body)
			f.must(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if a := f.do(r); a.status != http.StatusMethodNotAllowed {
				f.Errorf("%s: %d %s", method, a.status, a.body)
			}
		}
	}},
	{"par-ensure-pkce-required", false, false, func(f *fapi) {
		f.par(f.asking("code_challenge", "", "code_challenge_method", "")).refused("invalid_request")
	}},
	{"par-plain-pkce-rejected", false, false, func(f *fapi) {
		f.par(f.asking("code_challenge", f.verifier, "code_challenge_method", "plain")).refused("invalid_request")
	}},
	{"ensure-pkce-code-verifier-required", false, false, func(f *fapi) {
		f.token(f.authorized(f.asking()), fields("code_verifier", "")).refused("invalid_grant", "invalid_request")
	}},
	{"incorrect-pkce-code-verifier-rejected", false, false, func(f *fapi) {
		f.token(f.authorized(f.asking()), fields("code_verifier", strings.Repeat("x", 43))).refused("invalid_grant")
	}},
	{"par-without-duplicate-parameters", false, false, func(f *fapi) { f.opens(f.whole().access) }},
}

// noAddress: FAPI 2.0 section 5.3.2.2 wants the address in every pushed request,
// also where only one is registered.
func noAddress(f *fapi) {
	f.par(f.asking("redirect_uri", "")).refused("invalid_request")
}
