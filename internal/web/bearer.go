package web

import (
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/problem"
)

// errCredentials: two Authorization headers, of which one was planted.
var errCredentials = problem.New(problem.Invalid, "ambiguous_credentials", "This request carries its credentials twice. Send one Authorization header.")

// BearerToken returns the access token in the Authorization header (RFC 6750
// section 2.1; the scheme's case does not matter, OA-50), and whether there is
// one. Other schemes are none of ours: a proxy may have its own.
func BearerToken(r *http.Request) (token string, ok bool, err error) {
	headers := r.Header["Authorization"]
	if len(headers) == 0 {
		return "", false, nil
	}
	if len(headers) > 1 {
		return "", false, errCredentials
	}
	const scheme = "bearer "
	h := headers[0]
	if len(h) < len(scheme) || !strings.EqualFold(h[:len(scheme)], scheme) {
		return "", false, nil
	}
	return strings.TrimSpace(h[len(scheme):]), true, nil
}

// Challenge is the WWW-Authenticate of a refusal (RFC 6750 section 3): what went
// wrong is told only to who presented a token. Empty: none is due.
func Challenge(r *http.Request, realm string, p *problem.Error) string {
	out := `Bearer realm="` + realm + `"`
	_, presented, err := BearerToken(r)
	switch {
	case err != nil:
		return out + `, error="invalid_request"`
	case p.Kind == problem.Forbidden && p.Code == "missing_scope":
		wanted, _ := p.Compared()
		return out + `, error="insufficient_scope", scope="` + wanted + `"`
	case p.Kind == problem.Forbidden && p.Code == "sign_in_again" && presented:
		return out + `, error="insufficient_user_authentication"`
	case p.Kind != problem.Unauthenticated:
		return ""
	case presented:
		return out + `, error="invalid_token"`
	}
	return out
}
