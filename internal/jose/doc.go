// Package jose makes and checks signed compact tokens: JWS (RFC 7515), JWK and
// JWK sets (RFC 7517, 7518, 8037) and their thumbprints (RFC 7638).
//
// A key is bound to one algorithm. A token's header only says by kid which of the
// keys it was handed to the verifier should be tried; it cannot bring a key, choose
// an algorithm or switch on an extension. There is no "none" and no HMAC, and no
// way to read a token without checking its signature. VerifyEmbedded is the one place
// that reads a key from a header, for proofs of possession (RFC 9449). Only the compact form is
// known, and only its canonical spelling.
//
// It knows nothing of claims (package jwt), of time, or of where keys are kept
// (package signing). Values are immutable and safe for concurrent use.
package jose
