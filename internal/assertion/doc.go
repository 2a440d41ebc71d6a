// Package assertion owns the memory of the JSON Web Tokens by which clients prove
// who they are: private_key_jwt (OpenID Core section 9, RFC 7523 as updated by RFC
// 10070).
//
// An assertion is taken once. What was used is remembered until it would have
// lapsed, in the store that all replicas share, and not in one that may lose it
// (TH-27). Only a digest of the client and the jti is kept.
//
// What an assertion must say is the business of package jwt; the flow registry knows
// the clients and their keys, checks first and remembers then.
package assertion
