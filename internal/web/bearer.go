package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// errCredentials: two Authorization headers, of which one was planted.
var errCredentials = problem.New(problem.Invalid, "ambiguous_credentials", "This request carries its credentials twice. Send one Authorization header.")

// errToken is authn.ErrToken, for tokens that are refused before they are looked at.
var errToken = problem.New(problem.Unauthenticated, "invalid_token", "This access token is expired, revoked or not for here. Get a new one and try again.")

// BearerToken returns the access token in the Authorization header (RFC 6750
// section 2.1; the scheme's case does not matter, OA-50), and whether one was
// presented, be it empty or by a scheme for tokens that is not taken: that is a
// refusal and no reason to look for a cookie. Other schemes are none of ours: a
// proxy may have its own.
func BearerToken(r *http.Request) (token string, ok bool, err error) {
	headers := r.Header["Authorization"]
	switch len(headers) {
	case 0:
		return "", false, nil
	case 1:
	default:
		return "", true, errCredentials
	}
	scheme, rest := headers[0], ""
	if end := strings.IndexAny(scheme, " \t"); end >= 0 {
		scheme, rest = scheme[:end], scheme[end+1:]
	}
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return strings.Trim(rest, " \t"), true, nil
	case strings.EqualFold(scheme, "DPoP"):
		return "", true, errToken.Becausef("tokens bound to a key are not taken")
	}
	return "", false, nil
}

// StepUp is the cause of a refusal that a stronger or more recent sign-in would
// lift (RFC 9470).
type StepUp struct {
	ACR    string        // the least that would do; empty: any
	MaxAge time.Duration // how old the sign-in may be; 0: any age
}

func (s *StepUp) Error() string {
	out := "a sign-in"
	if s.ACR != "" {
		out += " of at least acr " + s.ACR
	}
	if s.MaxAge > 0 {
		out += " at most " + s.MaxAge.String() + " ago"
	}
	return out + " is needed"
}

func (s *StepUp) challenge() string {
	out := `, error="insufficient_user_authentication"`
	if s.ACR != "" {
		out += `, acr_values="` + s.ACR + `"`
	}
	if s.MaxAge > 0 {
		out += `, max_age="` + strconv.FormatInt(int64(s.MaxAge/time.Second), 10) + `"`
	}
	return out
}

// Status is the HTTP status of a refusal: RFC 9470 answers a token whose sign-in
// does not do with 401, because a new one helps.
func Status(r *http.Request, p *problem.Error) int {
	var up *StepUp
	if _, presented, _ := BearerToken(r); presented && errors.As(p, &up) {
		return http.StatusUnauthorized
	}
	return p.Kind.Status()
}

// Challenge is the WWW-Authenticate of a refusal (RFC 6750 section 3): what went
// wrong is told only to who presented a token. Empty: none is due.
func Challenge(r *http.Request, realm string, p *problem.Error) string {
	out := `Bearer realm="` + realm + `"`
	_, presented, err := BearerToken(r)
	var up *StepUp
	switch {
	case errors.Is(err, errCredentials):
		return out + `, error="invalid_request"`
	case presented && errors.As(p, &up):
		return out + up.challenge()
	case p.Kind == problem.Forbidden && p.Code == "missing_scope":
		wanted, _ := p.Compared()
		return out + `, error="insufficient_scope", scope="` + wanted + `"`
	case p.Kind != problem.Unauthenticated:
		return ""
	case presented:
		return out + `, error="invalid_token"`
	}
	return out
}
