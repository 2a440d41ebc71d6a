package verify

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a refusal, or the news that no answer can be given. It is immutable;
// errors.Is compares codes, so a copy with a cause or a challenge is still its
// sentinel.
type Error struct {
	Code       string        // snake_case, stable, part of the public contract
	Status     int           // HTTP status of the answer: 400, 401, 403 or 503
	Public     string        // what to do, safe to show to a stranger
	RetryAfter time.Duration // with 503

	oauth     string        // RFC 6750 or RFC 9470 error code; empty: the challenge names none
	scope     string        // insufficient_scope: what the resource needs
	assurance int           // insufficient_user_authentication: acr_values
	maxAge    time.Duration // insufficient_user_authentication: max_age
	dpop      bool          // the challenge is of the scheme DPoP
	nonce     string        // for DPoP-Nonce
	cause     error
}

// OAuth error codes of RFC 6750, section 3.1, and RFC 9470, section 3.
const (
	invalidRequest = "invalid_request"
	invalidToken   = "invalid_token"
	lowScope       = "insufficient_scope"
	lowProof       = "insufficient_user_authentication"
	badProof       = "invalid_dpop_proof" // RFC 9449, section 7.1
	needsNonce     = "use_dpop_nonce"
)

// Refusals of a credential. Everything but ErrUncertain is final for the
// credential that was presented.
var (
	// ErrNone: the request carries no credential.
	ErrNone = &Error{Code: "not_signed_in", Status: 401, Public: "This needs an access token. Send one in the Authorization header."}
	// ErrScheme: an Authorization header of another scheme.
	ErrScheme = &Error{Code: "unsupported_scheme", Status: 401, Public: "This takes access tokens in the Authorization header, as Bearer or DPoP, and nothing else."}
	// ErrAmbiguous: two credentials, or none that can be read.
	ErrAmbiguous = &Error{Code: "ambiguous_credentials", Status: 400, Public: "Send exactly one Authorization header with one access token.", oauth: invalidRequest}
	// ErrMalformed: not a token that could ever be valid here.
	ErrMalformed = refusal("token_malformed", "The access token cannot be read. Get a new one.")
	// ErrSignature: the signature or its algorithm does not fit the key.
	ErrSignature = refusal("token_signature", "The access token was not signed by the issuer this service trusts.")
	// ErrUnknownKey: signed with a key the issuer does not publish.
	ErrUnknownKey = refusal("token_unknown_key", "The access token was signed with a key that is not in use. Get a new one.")
	// ErrExpired: past its life.
	ErrExpired = refusal("token_expired", "The access token has expired. Get a new one.")
	// ErrNotYet: not valid yet, or issued in the future.
	ErrNotYet = refusal("token_not_yet_valid", "The access token is not valid yet. Check the clocks.")
	// ErrIssuer: of another issuer.
	ErrIssuer = refusal("wrong_issuer", "The access token is from another issuer.")
	// ErrAudience: meant for another service.
	ErrAudience = refusal("wrong_audience", "The access token was made for another service.")
	// ErrType: another kind of token, such as an ID token.
	ErrType = refusal("wrong_token_type", "This is not an access token.")
	// ErrBound: bound to a key that was not proven.
	ErrBound = refusal("token_bound", "The access token is bound to a key and cannot be used as a Bearer token.")
	// ErrUnbound: by the scheme DPoP, and bound to no key or another.
	ErrUnbound = refusal("token_not_bound", "The access token is not bound to the key that was proven.")
	// ErrProof: the DPoP header is missing, wrong, or was used before.
	ErrProof = &Error{Code: "dpop_proof_refused", Status: 401, Public: "The proof in the DPoP header is missing, malformed, used before, or not for this request.", oauth: badProof, dpop: true}
	// ErrNonce: the proof needs a nonce, which the answer brings in DPoP-Nonce.
	ErrNonce = &Error{Code: "dpop_nonce_needed", Status: 401, Public: "The proof needs a nonce of this server. Repeat the request with the one in the DPoP-Nonce header.", oauth: needsNonce, dpop: true}
	// ErrRevoked: ended before its time.
	ErrRevoked = refusal("token_revoked", "The access token was revoked. Sign in again.")
	// ErrInactive: the issuer does not know the token, or no longer.
	ErrInactive = refusal("token_inactive", "The access token is unknown, expired or revoked. Get a new one.")
	// ErrUncertain: nobody can tell right now whether the credential still holds.
	ErrUncertain = &Error{
		Code: "verification_unavailable", Status: 503, RetryAfter: time.Second,
		Public: "Access cannot be checked right now. Try again in a moment.",
	}
)

// Refusals by rules, for a credential that is good.
var (
	errScope     = &Error{Code: "insufficient_scope", Status: 403, Public: "The access token does not cover this. Ask for the scope it needs.", oauth: lowScope}
	errRole      = &Error{Code: "missing_role", Status: 403, Public: "Your account does not have the role this needs. Ask an administrator for it."}
	errOrg       = &Error{Code: "missing_organization", Status: 403, Public: "You are not a member of the organisation this belongs to, or lack the role there."}
	errAssurance = &Error{Code: "insufficient_assurance", Status: 401, Public: "This needs a stronger sign-in. Sign in with another factor and repeat it.", oauth: lowProof}
	errFresh     = &Error{Code: "sign_in_again", Status: 401, Public: "This needs a recent sign-in. Sign in again and repeat it.", oauth: lowProof}
	errNoRule    = &Error{Code: "missing_permission", Status: 403, Public: "Your account may not do this."}
)

func refusal(code, public string) *Error {
	return &Error{Code: code, Status: http.StatusUnauthorized, Public: public, oauth: invalidToken}
}

// Error is for logs: it includes the cause, which may quote the credential's
// claims, and must not be shown to a stranger.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Code
	}
	return e.Code + ": " + e.cause.Error()
}

// Unwrap returns the private cause, if any.
func (e *Error) Unwrap() error { return e.cause }

// Is matches by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Challenge is the WWW-Authenticate header that goes with the refusal (RFC 6750,
// RFC 9449, RFC 9470); empty when none does.
func (e *Error) Challenge() string { return e.challenge("") }

// challenge is Challenge with the address of the resource's metadata (RFC 9728).
func (e *Error) challenge(metadata string) string {
	if e.Status == http.StatusServiceUnavailable || (e.Status == http.StatusForbidden && e.oauth == "") {
		return ""
	}
	b := []byte("Bearer")
	if e.dpop {
		b = []byte("DPoP")
	}
	sep := byte(' ')
	add := func(name, value string) {
		b = append(append(b, sep), name+`="`+value+`"`...)
		sep = ','
	}
	if metadata != "" {
		add("resource_metadata", quotable(metadata))
	}
	if e.dpop {
		add("algs", proofAlgorithms)
	}
	if e.oauth != "" {
		add("error", e.oauth)
		add("error_description", quotable(e.Public))
	}
	if e.scope != "" {
		add("scope", quotable(e.scope))
	}
	if e.assurance > 0 {
		add("acr_values", acr(e.assurance))
	}
	if e.maxAge > 0 {
		add("max_age", fmt.Sprint(int64(e.maxAge/time.Second)))
	}
	return string(b)
}

// quotable keeps what a quoted-string of RFC 6750 may hold.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

func (e *Error) because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}
