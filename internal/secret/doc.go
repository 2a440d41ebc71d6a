// Package secret is the only mint of randomness and the only holder of values
// that must not leak.
//
// A Token is 256 random bits with a purpose, perhaps behind a stamp. The purpose is part of its type of
// use, of its digest and of the row it is kept in, so a reset link can never be
// presented as a session. Only a Digest is ever stored. A Text is a secret that
// somebody typed, such as a password. Tokens and Texts print as [redacted] in
// every format, log and JSON document, and keep their bytes behind a pointer,
// because a redacting String method is bypassed when the value sits in an
// unexported field of a printed struct.
package secret
