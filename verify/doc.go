// Package verify answers "who is this?" for services that check credentials which
// Mortise, or any issuer of JWT access tokens (RFC 9068), handed out. It depends on
// the standard library and on this module's own leaves, so a service that only
// checks links no storage and no pages.
//
//	v, err := verify.New(ctx, "https://id.example.org",
//		verify.Audience("https://api.example.org"),
//		verify.Credentials("billing-api", secret))
//	defer v.Close()
//	mux.Handle("GET /invoices", v.Require(verify.Scope("invoices:read"))(list))
//
// # How a token dies early
//
// A Verifier follows the issuer's revocation feed and keeps in memory what was
// revoked and could still be presented. A check is then a look-up and asks nobody:
// a revocation is refused within a second of the act. The memory counts only while
// there is proof that it is not older than Staleness. Without proof the issuer is
// asked about the single token, at a capped rate, and where that fails too the
// answer is 503 and never 401: the credential may well be good.
//
// Two options give that up, by name: InsecureWithoutRevocation for issuers without
// a feed, and InsecureAcceptStale.
package verify
