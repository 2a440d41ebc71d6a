package authorize

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/problem"
)

// While one of these holds there is nowhere to send the browser: a page says it (OA-4).
var (
	ErrClient          = problem.New(problem.Invalid, "authorize_client_unknown", "No app is registered under the client_id of this link. Go back and start again; if it keeps happening, tell whoever runs the app.")
	ErrClientDisabled  = problem.New(problem.Forbidden, "authorize_client_disabled", "This app has been switched off here. Ask whoever runs it.")
	ErrRedirect        = problem.New(problem.Invalid, "redirect_uri_mismatch", "The app asked to be called back at an address that is not registered for it, so you were not sent there. Whoever runs the app must register exactly the redirect_uri it sends.")
	ErrRedirectMissing = problem.New(problem.Invalid, "redirect_uri_missing", "The app did not say where to call it back. Whoever runs it must send the redirect_uri.")
	// ErrEcho: state or nonce could not be returned as it came (OA-18).
	ErrEcho = problem.New(problem.Invalid, "authorize_too_long", "The app sent a state or nonce that is too long, or has characters that do not survive the way back. Whoever runs the app must send at most 2,048 characters of state and 1,024 of nonce, without control characters.")
	// ErrRequestURI: the request_uri is unknown, over, or another client's.
	ErrRequestURI = problem.New(problem.Invalid, "invalid_request_uri", "This sign-in link is no longer good. Go back to the app and start again.")
	// ErrSkipped: the consent form was answered before it was its turn (OA-24).
	ErrSkipped = problem.New(problem.Conflict, "authorize_step_skipped", "Something else has to happen first. Go on with the sign-in in its own window.")
)

// The registered errors that go back to the client (OA-26): RFC 6749 4.1.2.1,
// OpenID Core 3.1.2.6, RFC 8707, RFC 9101, RFC 9396.
var (
	ErrInvalidRequest    = problem.New(problem.Invalid, "invalid_request", "The request is malformed: a parameter is missing, repeated or not understood.")
	ErrUnauthorized      = problem.New(problem.Invalid, "unauthorized_client", "This client may not use this grant type. Register it for the client first.")
	ErrResponseType      = problem.New(problem.Invalid, "unsupported_response_type", "There is no such response_type here. Use code.")
	ErrInvalidScope      = problem.New(problem.Invalid, "invalid_scope", "The scope is unknown, malformed, or more than was granted.")
	ErrInvalidTarget     = problem.New(problem.Invalid, "invalid_target", "The resource is unknown, or more than was granted.")
	ErrInvalidDetails    = problem.New(problem.Invalid, "invalid_authorization_details", "The authorization_details are malformed, or have a type or field that is not registered.")
	ErrInvalidObject     = problem.New(problem.Invalid, "invalid_request_object", "The request object is malformed, or its signature, issuer, audience or time is wrong.")
	ErrObjectUnsupported = problem.New(problem.Invalid, "request_not_supported", "Request objects are not taken here.")
	ErrURIUnsupported    = problem.New(problem.Invalid, "request_uri_not_supported", "This client has no request_uris. Register the address, or send the request itself.")
	ErrDenied            = problem.New(problem.Invalid, "access_denied", "The person refused. Start again if that was a mistake.")
	ErrLogin             = problem.New(problem.Unauthenticated, "login_required", "The person has to sign in.")
	ErrConsent           = problem.New(problem.Forbidden, "consent_required", "The person has to agree.")
	ErrSelection         = problem.New(problem.Forbidden, "account_selection_required", "The person has to choose an account.")
	// ErrUnmet: OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
	ErrUnmet       = problem.New(problem.Forbidden, "unmet_authentication_requirements", "The app asks for a stronger sign-in than this account has here.")
	ErrInteraction = problem.New(problem.Forbidden, "interaction_required", "The person has to do something first.")
)

// Refusals are all that say no to an app or a person, for whoever explains them.
func Refusals() []*problem.Error {
	return []*problem.Error{
		ErrClient, ErrClientDisabled, ErrRedirect, ErrRedirectMissing, ErrEcho, ErrRequestURI,
		ErrInvalidRequest, ErrUnauthorized, ErrResponseType, ErrInvalidScope, ErrInvalidTarget, ErrInvalidDetails, ErrInvalidObject,
		ErrObjectUnsupported, ErrURIUnsupported, ErrDenied, ErrLogin, ErrConsent, ErrSelection, ErrUnmet, ErrInteraction,
	}
}

// Refusal is inside an error that the client is to be told: Response leads there.
type Refusal struct {
	Response Response
	Cause    error // for the log; may be nil
}

func (r *Refusal) Error() string {
	if r.Cause != nil {
		return r.Cause.Error()
	}
	return "told client " + r.Response.Client
}

func (r *Refusal) Unwrap() error { return r.Cause }

// Ended is inside an error about a request that is over: where its app is, as far
// as it says so.
type Ended struct {
	Name string // of the app
	Back string // where it begins; may be empty
}

func (e *Ended) Error() string { return "a request of " + e.Name }

// RefusalOf returns the Refusal inside err, if there is one.
func RefusalOf(err error) (*Refusal, bool) {
	var r *Refusal
	return r, errors.As(err, &r)
}
