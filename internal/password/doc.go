// Package password owns what is known about an account's password: which new
// ones are accepted, how they are hashed, which foreign hashes still verify, and
// how much hashing may go on at once.
//
//	typed ──Policy.Check──► accepted ──Hasher.Hash──► Hash ──Store.Set──► kept
//	typed ──Hasher.Verify(kept Hash)──► right or wrong, and whether to re-hash
//
// Every hash describes itself, so parameters, algorithms and peppers change
// without a migration: a right password under an outdated Hash is hashed again at
// that sign-in. All hashing passes one Gate, which bounds memory and processor
// time and keeps the door open for devices seen before while strangers knock.
//
// The package refuses: composition rules, hints, expiry, truncation, and any
// stored parameter that would cost more than the Bounds allow. It speaks no HTTP
// and opens no connection; the optional look-up service is reached through the
// Fetcher its caller supplies. It is called by the sign-in, account, setup and
// import flows.
package password
