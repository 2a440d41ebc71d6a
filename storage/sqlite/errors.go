package sqlite

import (
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// ErrTooSlow: an act held the writer for longer than an act may (TH-26). It was
// undone. Acts do no I/O and no hashing; this one did, or never returned.
var ErrTooSlow = problem.New(problem.Unavailable, "act_too_slow", "That took too long and was not done. Try again in a moment.").After(time.Second)

var (
	errFull    = errors.New("sqlite: disk full")
	errClosed  = errors.New("sqlite: the store is closed")
	errSpent   = errors.New("sqlite: a failed act goes on")
	errOutside = errors.New("sqlite: used outside of the function it was given to")
)

// translate gives a driver error the name the nouns know it by. Constraint
// violations are answers; whatever else fails inside SQLite is an outage.
func translate(err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
		return fmt.Errorf("%w: %w", sqlstore.ErrUnique, err)
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", sqlstore.ErrReference, err)
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_CONSTRAINT:
		return fmt.Errorf("%w: %w", sqlstore.ErrCheck, err)
	case codes.SQLITE_FULL:
		return unavailable(fmt.Errorf("%w: %w", errFull, err))
	case codes.SQLITE_ERROR, codes.SQLITE_MISUSE, codes.SQLITE_RANGE, codes.SQLITE_MISMATCH:
		return err // a statement of ours is wrong
	}
	return unavailable(err)
}

// refusal says that a statement was undone by itself and the transaction lives.
func refusal(err error) bool {
	return errors.Is(err, sqlstore.ErrUnique) || errors.Is(err, sqlstore.ErrReference) || errors.Is(err, sqlstore.ErrCheck)
}

func unavailable(cause error) error {
	return store.ErrUnavailable.After(time.Second).Because(cause)
}
