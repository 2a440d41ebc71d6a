// Package oauth2 signs people in with services of OAuth 2.0 that have no ID token:
// GitHub, and others whose endpoints and claims are mapped. And it holds what OpenID
// Connect (package oidc) is built on: authorization addresses with PKCE, token
// requests with the ways to prove who we are, and answers of resources.
//
// An access token proves nothing about a person by itself. It is asked for over the
// back channel, with a code bound to this attempt by PKCE, and used at once at the
// endpoint that says who somebody is; one that came in any other way is never taken.
//
// The package speaks HTTP by nature, through egress only, and follows no redirect.
package oauth2
