// Package feed is what both ends of the revocation feed know: the entries, their
// wire form, and the live set a verifier asks before it lets a token pass.
//
// The publisher (internal/publish) signs batches; a follower (verify) opens them
// with Open, which proves who made a batch, for whom, that it answers the
// follower's own question (nonce) and that it follows what was taken before
// (epoch, range, digest): TH-12, TH-14. Taken entries go to a Set, which says in
// nanoseconds whether a token is dead (TH-3, TH-13).
//
// Nothing here compares a time with a clock of its own: entries leave a Set by
// the signed time of the feed (TH-15). Values on the wire are masked per audience
// (TH-16). A leaf: it imports jose and the standard library, and does no I/O.
package feed
