// Package dpop checks proofs of possession of a key (RFC 9449), at both ends: the
// token endpoint, and whoever is shown an access token.
//
//	DPoP headers -> Verify: one proof, of its key, for this request, made now
//	             -> its nonce is one of ours -> Memory: never seen before
//
// Verify is a pure function. A Checker adds what needs the server: nonces, which
// are a time under a MAC and are stored nowhere, and the memory of proofs. A memory
// has an epoch; when it was lost another one begins, and with it all nonces of the
// old one are void, so that no proof which might have been forgotten is taken again
// (TH-27). Recent is the memory of one process. It is bounded, and never forgets
// what it would still accept.
//
// A proof says nothing of who sends it, only that the same key was used: compare
// Proof.JKT with what a token, a code or a grant is bound to. The package keeps no
// tokens, knows no HTTP and imports nothing but the formats it reads.
package dpop
