// Package idhint reads ID tokens that come back as id_token_hint: a client says
// with one whom it believes to be signed in (OpenID Connect Core, 3.1.2.1, and
// RP-Initiated Logout, 2).
//
// A hint proves that we once said this of somebody to one client, and nothing
// more: it is no credential, may be long expired, and may be in the hands of
// strangers. The flows that take one (authorization, sign-out) compare its
// subject with who is signed in; the subject may be pairwise, so they compare with
// what that client was told, never with an account's id.
package idhint
