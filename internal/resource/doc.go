// Package resource owns what tokens are for: resources, which are the APIs that
// take them (RFC 8707), and scopes, which are what a token lets its bearer do
// there.
//
// A resource is named by an absolute URI, decides the form and the life of its
// access tokens, and lists its verifiers: the clients that may introspect its
// tokens and follow its revocations. A scope is a name with a sentence that the
// consent page shows. The scopes of OpenID Connect are built in. A scope or a
// resource that something still refers to cannot be deleted.
//
// The flow directory changes them; the flow registry answers for resources on
// the hot path.
package resource
