// Package keyring seals what must be readable again and authenticates what must
// only be recognised.
//
// It is an envelope. Values are sealed under random data keys; data keys lie in
// the database, wrapped by the master key, which never does (TH-28). Everything
// sealed carries the id of its data key and every data key the id of its master,
// so both turn online: RotateMaster rewraps a handful of rows and touches no
// sealed value, Rotate starts a new data key and Reseal moves old values over.
//
//	master key (MORTISE_SECRET_KEY, or a KMS behind Wrapper)
//	   └─ wraps data keys (the newest seals, all open)
//	        └─ HKDF-SHA-256 per purpose
//	             ├─ Seal, Open: XChaCha20-Poly1305, random nonce, caller's associated data
//	             └─ MAC: HMAC-SHA-256, always under the first data key, so it never changes
//
// A purpose is a constant of the code, such as "mail": a value sealed for one
// purpose or row cannot be opened for another. The package refuses to guess: a
// wrong master key is ErrWrongKey and names the key that is wanted.
//
// A Keyring is safe for concurrent use. Flows and domains receive it through
// interfaces of their own.
package keyring
