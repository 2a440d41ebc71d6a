package requestobject

import "github.com/mortise-auth/mortise/internal/problem"

// The registered errors of RFC 9101 section 7 and OpenID Connect Core 3.1.2.6. The
// authorization endpoint has the first two for its own reasons too.
var (
	ErrObject = problem.New(problem.Invalid, "invalid_request_object", "The request object is malformed, or its signature, issuer, audience or time is wrong.")
	ErrURI    = problem.New(problem.Invalid, "invalid_request_uri", "This sign-in link is no longer good. Go back to the app and start again.")
	// ErrURIUnsupported: the client has registered no address of request objects.
	ErrURIUnsupported = problem.New(problem.Invalid, "request_uri_not_supported", "This client has no request_uris. Register the address, or send the request itself.")
)
