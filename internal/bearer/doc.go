// Package bearer checks one bearer access token: by the rules of package jwt and by
// the live set of package feed, with a memory of tokens it has checked before.
//
// A token that was seen is known by its every byte and by the policy it was checked
// under, and only after all of the check succeeded (TH-20). What may
// change since is checked each time: times, issuer and audience, whether the key is
// still one of the issuer's, and whether anything the token names is in the live set.
// The values the live set is asked for are computed once per token (TH-16). Because
// the live set is asked at every hit, a token remembered after the entry that kills
// it arrived is as dead as any (TH-10).
//
// A token bound to a key is no bearer token and is refused here. The package does no
// I/O and knows nothing of freshness: whoever follows the feed must not ask a Checker
// once its live set is older than the bound (TH-18). Used by verify and authn.
package bearer
