package clients

import "testing"

// oauth4webapi is panva/oauth4webapi, certified by the OpenID Foundation; its parts
// are used one by one, and so is its side of the resource server.
func oauth4webapi(t *testing.T, w *world) {
	ran(t, w.script(t, "oauth4webapi.mjs", "oauth4webapi", "web@example.test"),
		"OpenID Connect discovery", "OAuth 2.0 metadata (RFC 8414)", "the metadata names what it should",
		"a signed request, pushed (JAR in PAR)", "code, PKCE, private_key_jwt, ID token by EdDSA", "the claims parameter", "UserInfo, signed",
		"refresh", "introspection and revocation", "a JWT for an API (RFC 9068), checked by a resource server",
		"PAR of a public client with DPoP", "a code bound to a key", "a bound JWT, checked by a resource server", "refresh with the same key only",
		"metadata of a protected resource (RFC 9728)", "dynamic registration of a public client", "the code flow of a registered client", "logout")
}
