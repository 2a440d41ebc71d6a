package keyring

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrWrongKey: none of the given master keys opens a stored data key. Its
	// sentence names the wanted key and the ones at hand.
	ErrWrongKey = problem.New(problem.Internal, "wrong_master_key", "The stored keys were sealed with another master key. Start with the MORTISE_SECRET_KEY this data was created with.")
	// ErrUnreadable: a sealed value was altered, cut short, or belongs to
	// another purpose, row or instance. It does not say which.
	ErrUnreadable = problem.New(problem.Internal, "sealed_value_unreadable", "A stored value cannot be read. Restore it from a backup, or ask an administrator to check the master key.")
	// ErrMalformedKey: text that is not a master key. The cause says why.
	ErrMalformedKey = problem.New(problem.Invalid, "malformed_master_key", "The master key must be 32 random bytes in base64. Make one with: openssl rand -base64 32")
)
