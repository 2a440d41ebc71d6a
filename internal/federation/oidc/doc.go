// Package oidc signs people in with OpenID providers: any with a discovery document,
// and Google, Microsoft, Apple and GitLab with what is particular about them.
//
// It is the relying party of OpenID Connect Core 1.0 with the code flow only: PKCE,
// state and nonce on every request, the iss of RFC 9207 on every answer of a
// provider that announces it, and an ID token that is checked in full although it
// comes over the back channel. Claims are told only after all checks passed.
//
// Nothing is fetched before a connection is used. Discovery documents and key sets
// are kept for a bounded time and in a bounded number; a key that is not there is
// looked for once, and then not again for a while, whatever strangers send.
//
// The package speaks HTTP by nature, through egress only, and follows no redirect.
package oidc
