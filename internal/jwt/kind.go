package jwt

// Kinds of JWT, by their typ. A token of one is never taken for another.
const (
	TypeAccess        = "at+jwt"                    // RFC 9068
	TypeFeed          = "mortise-feed+jwt"          // a batch of the revocation feed
	TypeIdentity      = "mortise-id+jwt"            // what our gateway tells an upstream
	TypeLogout        = "logout+jwt"                // OpenID Connect Back-Channel Logout
	TypeDPoP          = "dpop+jwt"                  // RFC 9449
	TypeEvent         = "secevent+jwt"              // RFC 8417
	TypeRequest       = "oauth-authz-req+jwt"       // RFC 9101
	TypeIntrospection = "token-introspection+jwt"   // RFC 9701
	TypeClient        = "client-authentication+jwt" // draft-ietf-oauth-rfc7523bis
	TypeIDToken       = "JWT"                       // OpenID Connect; its typ may be absent
)
