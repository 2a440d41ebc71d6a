// Package account is the flow of everything people do to their own account:
// sign up, recover it, change addresses, password and profile, end sessions,
// take a copy of their data, and leave.
//
//	sign-up   pending proof --(link or code, by POST)--> account        no session
//	recovery  pending proof --(link or code, by POST)--> new password   all sessions end
//	address   pending proof --(link or code, by POST)--> address; the old one is told
//	deletion  14 days of waiting --(sweep)--> gone; cancelled by a mailed link
//
// What a stranger may learn: nothing. Starting a sign-up or a recovery answers
// with the same words, the same status and a fresh flow secret, whether or not
// the address is known; the mail tells its owner (PW-30). Both spend the time of
// the same writes.
//
// Acts on credentials, addresses, exports and the account itself need a proof
// given for that very act, not a recent sign-in (TH-36): every such method takes
// the response and passes it to the Confirmer.
package account
