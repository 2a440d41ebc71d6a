// Package devicecode owns device authorizations (RFC 8628): a device that cannot
// show a browser asks, a person approves with a short code elsewhere, and the
// device fetches its tokens with a long one.
//
//	Insert -> pending -- Decide --> approved -- Redeem --> redeemed
//	            |           '-----> denied
//	            '-- 15 minutes --> nothing
//
// Both codes are kept as digests: the long one has 256 bits, the short one 40 and
// is a MAC under a key that is not in the database. An approval is a birth: it
// holds the versions and the session it was proven with, and the grant that it
// leads to asks for them again (TH-1). The package knows no HTTP; package oauth
// calls it.
package devicecode
