// Package sqlite keeps Mortise in one SQLite file: the default engine.
//
// It runs statements, groups commits, guards the folder and notices a restored
// file; the nouns themselves are in storage/internal/sqlstore. Writes go through
// one goroutine that owns one connection: acts of many callers become one
// transaction and share one fsync; one that fails takes nothing of the others
// with it (TH-23). Readers have connections of their own and are never blocked.
//
// A data folder belongs to one process at a time (TH-25). It holds mortise.db
// with its -wal and -shm, lock, and epoch: a note beside the database by which a
// backup that was put back is recognised (TH-24). Backups must not hold the
// epoch file, and a folder that was copied or moved to another disk counts as
// restored: everything alive in it ends when it is first opened.
//
// Only systems with flock are supported.
package sqlite
