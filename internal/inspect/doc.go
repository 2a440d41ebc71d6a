// Package inspect tells whoever may administer all about one token: whose it is,
// of which sign-in, session and grant, which key signed it, and why it is or is
// not good now.
//
// It is for the host and for administrators. Apps ask by introspection, which
// answers far less (RFC 7662); nothing here may be reached by them. A token that
// this instance did not make gets no word about anything but itself, and nothing
// that is inspected is used: no refresh token moves, no last use is noted.
package inspect
