// Package jwt holds the claims of our JSON Web Tokens (RFC 7519) and the rules of
// each kind: access tokens are those of RFC 9068.
//
// Each kind has its own typ and its own function to check it, so no token is taken
// for another kind. The signature is checked before anything else is said: an error
// about times or audiences is about a token that its issuer did sign, and with an
// error there are no claims. Issuer, audience and time are required arguments; the
// leeway is bounded in one place.
//
// It keeps nothing and knows no keys but those it is handed (package jose), and it
// does not know what was revoked (packages feed and bearer).
package jwt
