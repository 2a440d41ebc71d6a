// Package recovery owns recovery codes: ten per account, each good once in place
// of a second factor, kept as keyed hashes (PW-45).
//
// They are shown when they are made and never again. A new set replaces the old
// one whole. A code proves possession of a list, nothing about a person, so it
// never stands in for the first factor.
package recovery
