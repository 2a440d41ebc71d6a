// Package totp owns the authenticator apps of accounts: time-based one-time
// passwords (RFC 6238) over HMAC (RFC 4226).
//
// A device counts once its first code was right. Its secret is sealed, bound to
// device and owner, and shown once. A code of this step, the one before or the one
// after is right, and each step is taken once: last_step only grows (PW-41, PW-42).
// How often one may try is the sign-in's business, not this package's.
package totp
