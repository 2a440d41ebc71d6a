// Package client owns the client: a program that signs people in through us or
// asks for tokens as itself, described by the metadata of RFC 7591 and OpenID
// registration.
//
// What is not listed on a client is denied to it (OA-5): grant types, response
// types, scopes, resources, redirect addresses, and exactly one authentication
// method. A client's name can never equal an account's (OA-6). A confidential
// client has a secret, of which only a MAC under the instance's keyring is kept:
// no password hash, because it is looked at with every request, and no bare
// digest, because a secret that somebody chose for a file may be guessed. While
// it is rotated the secret before it lives on for a while (OA-7).
//
// Every client has a version. Disabling it, a compromise of its secret, and
// deleting it raise the version, and the revocation that tells of it is written
// in the same transaction (TH-3); tokens carry the version they were minted
// under. The version of a deleted client is remembered, so that one of the same
// name starts above it.
//
// The flow directory changes clients; the flow registry answers for them on the
// hot path and authenticates them.
package client
