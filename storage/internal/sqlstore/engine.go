// Package sqlstore keeps every noun in SQL that SQLite and PostgreSQL both take.
//
// An engine (storage/sqlite, storage/postgres) runs the statements; this package
// writes them. The nouns know nothing of connections, batching, retries or
// drivers, and the engines know nothing of users or sessions but the few tables
// named under Engine.
//
// Forms on both engines: parameters are $1, $2, …; ids and digests are bytes
// (BLOB, bytea); times are BIGINT microseconds UTC, 0 for never; truths are
// BIGINT 0 and 1; JSON is TEXT. Text that is ordered or compared by range is
// COLLATE "C" on PostgreSQL. No constraint is deferred (TH-23).
package sqlstore

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/revocation"
)

// Errors of a Querier. The engines translate their drivers' errors into these;
// whatever is left is an outage (store.ErrUnavailable) or a bug.
var (
	// ErrNoRows: QueryRow found nothing.
	ErrNoRows = errors.New("sqlstore: no rows")
	// ErrUnique: a row with this key exists. On PostgreSQL the transaction is
	// lost with it: return the error, or avoid it with ON CONFLICT DO NOTHING and
	// a look at the row count.
	ErrUnique = errors.New("sqlstore: unique constraint")
	// ErrReference: a foreign key points nowhere, or at a row that must stay.
	ErrReference = errors.New("sqlstore: foreign key constraint")
	// ErrCheck: another constraint of the schema.
	ErrCheck = errors.New("sqlstore: check constraint")
)

// Querier runs SQL. Arguments are int64, int, string, []byte, bool (0 or 1),
// nil, named types of those, and driver.Valuer. It serves one goroutine and is
// dead when the function it was given to returns.
type Querier interface {
	// Exec returns how many rows it touched.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
	// Query returns rows that must be closed before the next statement.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) Row
}

// Rows is a result being read.
type Rows interface {
	Next() bool
	// Scan fills *int64, *int, *string, *[]byte (copied; nil for NULL) and
	// sql.Scanner, such as sql.NullInt64. NULL into anything else is an error.
	Scan(dest ...any) error
	Err() error
	Close() error
}

// Row is the first row of a result.
type Row interface {
	Scan(dest ...any) error // ErrNoRows
}

// Stream names a row of the heads table.
type Stream string

const (
	Events      Stream = "audit"      // audit_events.sequence
	Revocations Stream = "revocation" // revocations.number
)

// Tx is one act under way.
type Tx interface {
	Querier
	// Queue runs a statement whose row count nobody checks, before the next
	// statement or the commit at the latest: it saves a round trip where there
	// is one. Its error is the error of the act.
	Queue(ctx context.Context, sql string, args ...any) error
	// Sequence is the next number of a stream. ok is false where rows are
	// numbered after their commit (TH-2): store NULL then. Numbers of an act
	// that is rolled back are given out again.
	Sequence(s Stream) (n int64, ok bool)
	// Revoke tells the engine of an entry whose row this act has written. All of
	// a committed act's entries go to OnRevoke after COMMIT and before the act
	// returns.
	Revoke(e revocation.Entry)
}

// Dialect is the SQL the two engines spell differently. The locks are appended
// to a SELECT inside an act; where one writer is alone they are empty.
type Dialect struct {
	ForShare   string
	ForUpdate  string
	SkipLocked string // FOR UPDATE SKIP LOCKED
}

// Engine runs acts.
//
// Engines themselves touch, and therefore expect of the schema:
//   - instance: one row, made by the migration or by Open: id, epoch,
//     setup_code and, for TH-24, origin TEXT NOT NULL DEFAULT empty (where the
//     engine notes which database this was);
//   - heads (name TEXT PRIMARY KEY, number BIGINT NOT NULL) with a row for each
//     Stream, number 0, made by the migration: the highest number given out;
//   - audit_events.sequence and revocations.number, NULL until numbered on
//     PostgreSQL, each with a partial index on its NULLs; both tables have a
//     primary key named id, and audit_events there an ordinal, rising as rows are
//     written;
//   - for TH-24 users.version, sessions.ended_at and .cause, proofs.used_at; the
//     event of a restore goes through NewSet's Audit.
//
// The migrations are goose files in storage/sqlite/migrations and
// storage/postgres/migrations, named 00001_what.sql, embedded by the engine.
type Engine interface {
	// Read runs fn beside the writers. Each statement sees what was committed
	// when it started; inside InTx it sees the transaction's own writes.
	Read(ctx context.Context, fn func(Querier) error) error
	// Write runs fn as one atomic act: durable when it returns nil, undone
	// otherwise. fn may run again, so it assigns to variables outside only what
	// the last run leaves there. Inside InTx it joins the transaction; if it
	// then fails after it changed a row, the whole transaction is undone.
	Write(ctx context.Context, fn func(Tx) error) error
	// Number gives numbers to committed rows that have none (TH-2). It does
	// nothing where acts number their own rows.
	Number(ctx context.Context) error
	Dialect() Dialect
}
