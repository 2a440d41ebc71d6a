// Package revocation says what ended early, and tells every cache of it.
//
// An act that ends something writes an Entry in its own transaction. Entries are
// numbered only once they are committed (TH-2), so a follower that has seen
// number n has seen everything up to n. No entry compares times: it names a thing
// that is dead, or a version below which everything of a subject is dead (TH-3).
//
// A Follower polls the primary and hands new entries to its subscribers. A poll
// that was sent at most Bound ago is a freshness proof: only while a process
// holds one may a cache answer (TH-11).
package revocation
