package verify

import (
	"net/http"
	"strings"
)

// maxCredential bounds what is looked at; jose has a bound of its own for tokens.
const maxCredential = 16 << 10

// credential is the access token of the request: from the Authorization header and
// nowhere else, never the body, never the query (OA-50). dpop is its scheme.
func credential(h http.Header) (token string, dpop bool, bad *Error) {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return "", false, ErrNone
	case len(values) > 1:
		return "", false, ErrAmbiguous
	}
	return readToken(values[0])
}

// readToken reads one credentials value of RFC 9110, 11.4: a scheme in any case,
// one or more spaces, and a token68 for Bearer and DPoP.
func readToken(value string) (token string, dpop bool, bad *Error) {
	scheme, token, _ := strings.Cut(value, " ")
	dpop = strings.EqualFold(scheme, "DPoP")
	if !dpop && !strings.EqualFold(scheme, "Bearer") {
		return "", false, ErrScheme
	}
	token = strings.Trim(token, " ")
	if token == "" || !single(token) {
		return "", dpop, ErrAmbiguous
	}
	if len(token) > maxCredential {
		return "", dpop, ErrMalformed
	}
	return token, dpop, nil // its alphabet is for who reads it: jose, or opaque
}

// single reports whether the token is one word, not a list. By IndexByte, since a
// look at each byte in turn would cost half a check.
func single(token string) bool {
	return strings.IndexByte(token, ' ') < 0 && strings.IndexByte(token, ',') < 0 && strings.IndexByte(token, '\t') < 0
}

func token68(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~+/", c) >= 0:
		default:
			return false
		}
	}
	return body != ""
}
