// Package authcode owns authorization codes: what a person's browser carries from
// the authorization endpoint to a client, and the client to the token endpoint.
//
//	Issue -> unused --Redeem (once, with the birth of the grant)--> redeemed
//	            '--60 s--> expired
//
// A code is a random secret of 256 bits, kept as a digest, and bound to all that
// was decided when it was made (OA-15): client, redirect address, challenge,
// nonce, scope, resources, session, versions, key. Its birth and its redemption
// ask for the account, the client and the session as they were proven (TH-1).
//
// Match compares what a client presents with that binding and changes nothing, so
// a wrong verifier, client, address or key harms nobody. Only a second use that
// matches in everything is a theft, and ends the grant (OA-16). A redeemed code is
// remembered for a day, so that its replay is known as one.
//
// The package decides neither who may have a code (authorize) nor what becomes of
// one (oauth). It refuses plain challenges and codes that live longer than a minute.
package authcode
