// Package requestobject reads the authorization requests that clients put into a
// JSON Web Token (RFC 9101, OpenID Connect Core section 6): by value, or from one of
// the addresses that the client registered.
//
//	text -> signed by a key of the client, for an algorithm it is registered for
//	     -> iss = client_id, aud = our issuer, near times
//	     -> cannot be a client assertion, holds no other request object
//	     -> parameters
//
// An unsigned one ("alg":"none") is taken only from a client that is registered so
// and then takes no signed one. Nothing that is encrypted is read. A document is
// fetched for every request, because a client may write another one at the same
// address; how long and how large is bounded by whoever fetches (OA-71).
//
// What the parameters mean, and that nothing beside the object counts, is for the
// flow that asks.
package requestobject
