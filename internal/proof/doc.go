// Package proof owns mailed proofs: a link and a short code that show that
// somebody reads an address. Sign-up, address changes, recovery, undo and the
// cancelling of a deletion all hang on one.
//
// The link's secret is 256 bits and kept as a digest. The code is short, so it
// is kept as a keyed MAC, counts its attempts, and works only together with the
// flow secret that the asking browser or program holds. Opening a link changes
// nothing: mail scanners open links. A proof is spent once, by one conditional
// write, is replaced by the next of its kind, and dies with the account or
// credential version it was made for (PW-31, PW-37, TH-1).
package proof
