// Package oauth is the surface of the protocol endpoints under /oauth2: it reads
// forms and client credentials strictly, calls package internal/oauth, and writes
// JSON in the form of RFC 6749.
//
// A parameter in the query, a repeated one, or two ways of authenticating are
// refused before anything is looked up (OA-30, OA-31). Nothing here reads a
// cookie, so requests of other sites are no danger and are taken; no answer is
// shared with their pages unless the client has registered their origin.
package oauth
