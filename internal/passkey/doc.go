// Package passkey owns WebAuthn credentials: how a person gets one, what a proof
// by one must look like, and what is remembered of it.
//
//	Create  --> options --> navigator.credentials.create --> Register --> Store.Insert
//	Request --> options --> navigator.credentials.get    --> Assert   --> Keep
//
// A challenge is not kept until it comes back: it carries its expiry and whom it
// is about, and a MAC over these, the ceremony and the browser it was made for. So
// a page with autofill writes nothing. Coming back it is spent first, whatever
// else is found, by one conditional write; the same challenge is never taken twice
// (PW-60).
//
// User verification is required in every ceremony but one, so a passkey stands
// for two factors; the exception is the silent upgrade after a password sign-in,
// which proves nothing (PW-63). Only verify.go and read.go know the library that
// reads CBOR and COSE; metadata.go has FIDO's root from it.
//
// What never changes of a passkey, its key and whose it is, is remembered for those
// used lately. Whether it is still there and how its counter stands is found out in
// the transaction of whatever comes of a proof (Keep), so nobody has to be told when
// one is removed; lasting.go says more.
//
// The package does not decide who may add or remove one: the account flow asks
// for a proof first. It knows nothing of HTTP.
package passkey
