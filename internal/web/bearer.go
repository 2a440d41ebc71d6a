package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/problem"
)

// errCredentials: two Authorization headers, of which one was planted.
var errCredentials = problem.New(problem.Invalid, "ambiguous_credentials", "This request carries its credentials twice. Send one Authorization header.")

// errToken is for tokens that are refused before they are looked at.
var errToken = authn.ErrToken

// AccessToken returns the access token in the Authorization header (RFC 6750
// section 2.1, RFC 9449 section 7.1; the scheme's case does not matter, OA-50), and
// whether one was presented, be it empty: that is a refusal and no reason to look for
// a cookie. Other schemes are none of ours: a proxy may have its own. The URL, which
// matters only to a token by DPoP, is left to the caller.
func AccessToken(r *http.Request) (p authn.Presented, ok bool, err error) {
	headers := r.Header["Authorization"]
	switch len(headers) {
	case 0:
		return p, false, nil
	case 1:
	default:
		return p, true, errCredentials
	}
	scheme, rest := headers[0], ""
	if end := strings.IndexAny(scheme, " \t"); end >= 0 {
		scheme, rest = scheme[:end], scheme[end+1:]
	}
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return authn.Presented{Token: strings.Trim(rest, " \t")}, true, nil
	case strings.EqualFold(scheme, "DPoP"):
		return authn.Presented{Token: strings.Trim(rest, " \t"), DPoP: true, Proofs: r.Header["Dpop"], Method: r.Method}, true, nil
	}
	return p, false, nil
}

// PublicURL is how the client wrote the address of r, which reached a handler below
// base, the public address of an instance: a DPoP proof names it (RFC 9449, htu).
func PublicURL(base *url.URL, r *http.Request) string {
	return base.Scheme + "://" + base.Host + strings.TrimRight(base.EscapedPath(), "/") + r.URL.EscapedPath()
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
	if _, presented, _ := AccessToken(r); presented && errors.As(p, &up) {
		return http.StatusUnauthorized
	}
	return p.Kind.Status()
}

// Realm is what a challenge says of the resource it stands before.
type Realm struct {
	Name     string
	Metadata string // address of its RFC 9728 document; empty: there is none
}

// RealmOf is the realm of a resource whose RFC 9728 document we serve.
func RealmOf(resource string) Realm { return Realm{resource, ResourceMetadata(resource)} }

// ResourceMetadata is where the RFC 9728 document of a resource is: its well-known
// name comes between host and path (section 3.1). Empty for what is no https or http
// address.
func ResourceMetadata(resource string) string {
	u, err := url.Parse(resource)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/.well-known/oauth-protected-resource" + strings.TrimRight(u.EscapedPath(), "/")
}

// Challenge is the WWW-Authenticate of a refusal (RFC 6750 section 3, RFC 9449
// section 7.1, RFC 9728 section 5.1): what went wrong is told only to who presented a
// token, by the scheme it came with; who presented none learns of both. Empty: none
// is due.
func Challenge(r *http.Request, realm Realm, p *problem.Error) string {
	token, presented, err := AccessToken(r)
	fault := fault(p, presented, err)
	if fault == none {
		return ""
	}
	out := ` realm="` + realm.Name + `"`
	if realm.Metadata != "" {
		out += `, resource_metadata="` + realm.Metadata + `"`
	}
	switch {
	case token.DPoP:
		return "DPoP" + out + `, algs="` + proofAlgorithms + `"` + fault
	case !presented:
		return "Bearer" + out + fault + `, DPoP algs="` + proofAlgorithms + `"`
	}
	return "Bearer" + out + fault
}

const (
	proofAlgorithms = "ES256 EdDSA PS256" // dpop.Algorithms
	none            = "-"
)

// fault is the part of a challenge that says what went wrong, or none.
func fault(p *problem.Error, presented bool, err error) string {
	var up *StepUp
	switch {
	case errors.Is(err, errCredentials):
		return `, error="invalid_request"`
	case presented && errors.As(p, &up):
		return up.challenge()
	case p.Kind == problem.Forbidden && p.Code == "missing_scope":
		wanted, _ := p.Compared()
		return `, error="insufficient_scope", scope="` + wanted + `"`
	case p.Kind != problem.Unauthenticated:
		return none
	case errors.Is(p, authn.ErrProof):
		return `, error="invalid_dpop_proof"`
	case errors.Is(p, authn.ErrNonce):
		return `, error="use_dpop_nonce"`
	case presented:
		return `, error="invalid_token"`
	}
	return ""
}
