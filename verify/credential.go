package verify

import (
	"net/http"
	"strings"
)

// maxCredential bounds what is looked at; jose has a bound of its own for tokens.
const maxCredential = 16 << 10

// credential is the Bearer token of the request: from the Authorization header and
// nowhere else, never the body, never the query (OA-50).
func credential(h http.Header) (string, *Error) {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return "", ErrNone
	case len(values) > 1:
		return "", ErrAmbiguous
	}
	return bearerToken(values[0])
}

// bearerToken reads one credentials value of RFC 9110, 11.4: a scheme in any case,
// one or more spaces, and a token68 for Bearer.
func bearerToken(value string) (string, *Error) {
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrScheme
	}
	token = strings.Trim(token, " ")
	if token == "" || !single(token) {
		return "", ErrAmbiguous
	}
	if len(token) > maxCredential {
		return "", ErrMalformed
	}
	return token, nil // its alphabet is for who reads it: jose, or opaque
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
