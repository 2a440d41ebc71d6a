package oauth

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/token"
)

// The registered errors of RFC 6749 section 5.2 and RFC 8707. client.ErrCredentials
// is invalid_client.
var (
	ErrInvalidRequest   = problem.New(problem.Invalid, "invalid_request", "The request is malformed: a parameter is missing, repeated or not understood.")
	ErrInvalidGrant     = problem.New(problem.Invalid, "invalid_grant", "The grant is invalid, expired, revoked, or belongs to another client. Ask the person to sign in again.")
	ErrUnauthorized     = problem.New(problem.Invalid, "unauthorized_client", "This client may not use this grant type. Register it for the client first.")
	ErrUnsupportedGrant = problem.New(problem.Invalid, "unsupported_grant_type", "This grant type is not supported. The metadata lists those that are.")
	ErrInvalidScope     = problem.New(problem.Invalid, "invalid_scope", "The scope is unknown, malformed, or more than was granted.")
	ErrInvalidTarget    = problem.New(problem.Invalid, "invalid_target", "The resource is unknown, or more than was granted.")
)

// First-party sign-in with tokens (TH-34).
var (
	ErrNotFirstParty = problem.New(problem.Forbidden, "client_not_first_party", "This app may not sign people in with their password. Only first-party clients may; send people to our sign-in page instead.")
	// ErrAssurance: the client asks for a stronger sign-in than this one was.
	ErrAssurance = problem.New(problem.Forbidden, "client_assurance", "This app asks for a stronger sign-in. Sign in again with a second factor, then repeat it.")
	ErrOrigin    = problem.New(problem.Forbidden, "client_origin", "This app does not answer under that origin. Register the origin with the client.")
	// ErrPage: somebody would be sent to a page that nobody registered.
	ErrPage = problem.New(problem.Invalid, "client_page", "That page is not registered for this app. Use one of its redirect_uris, or a page of one of its origins.")
)

// Registered returns the registered error that err is, for the token endpoint
// and its relatives. What is no refusal passes unchanged.
func Registered(err error) error {
	for _, r := range registered {
		if errors.Is(err, r.is) {
			return r.as.Because(err)
		}
	}
	return err
}

var registered = []struct{ is, as *problem.Error }{
	{token.ErrRefused, ErrInvalidGrant},
	{token.ErrOutgrown, ErrInvalidGrant.WithPublic("%s", token.ErrOutgrown.Public)}, // only its sender hears it (TH-8)
	{token.ErrEnded, ErrInvalidGrant},
	{token.ErrBirth, ErrInvalidGrant},
	{authcode.ErrUnknown, ErrInvalidGrant},
	{authcode.ErrMismatch, ErrInvalidGrant},
	{authcode.ErrExpired, ErrInvalidGrant},
	{authcode.ErrSpent, ErrInvalidGrant},
	{token.ErrScope, ErrInvalidScope},
	{token.ErrTarget, ErrInvalidTarget},
	{resource.ErrBadScope, ErrInvalidScope},
	{resource.ErrScopeUnknown, ErrInvalidScope},
	{resource.ErrUnknown, ErrInvalidTarget},
	{resource.ErrIdentifier, ErrInvalidTarget},
	{client.ErrUnknown, client.ErrCredentials},
}
