package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// numberTime bounds how long a poll waits for another replica's numbering. A
// poll that gave up has seen nothing for certain, so it fails: it must not count
// as a freshness proof (TH-11).
const numberTime = time.Second

// stragglers is how many rows one numbering takes of each stream.
const stragglers = 5000

// numbering gives the next numbers of a stream to committed rows that have none.
// Under READ COMMITTED each statement sees what was committed when it started, and
// the sequencer's lock is held by then: so whoever reads number n has everything
// below it, and a row whose transaction is still open gets a higher number later.
//
// Rows are taken in the order in which they were written, so that the events of
// one act keep theirs.
func numbering(table, column, written, stream string) string {
	return `WITH rows AS (
			SELECT id, row_number() OVER (ORDER BY ` + written + `) AS place
			FROM (SELECT * FROM ` + table + ` WHERE ` + column + ` IS NULL ORDER BY ` + written + ` LIMIT $1) AS oldest),
		head AS (SELECT number FROM heads WHERE name = '` + stream + `' FOR UPDATE),
		numbered AS (
			UPDATE ` + table + ` AS t SET ` + column + ` = head.number + rows.place
			FROM rows, head WHERE t.id = rows.id RETURNING 1)
		UPDATE heads SET number = number + (SELECT count(*) FROM numbered)
		WHERE name = '` + stream + `' AND EXISTS (SELECT 1 FROM rows)`
}

var (
	numberRevocations = numbering("revocations", "number", "id", string(sqlstore.Revocations))
	numberEvents      = numbering("audit_events", "sequence", "ordinal", string(sqlstore.Events))
)

const (
	anyUnnumbered = `SELECT EXISTS (SELECT 1 FROM revocations WHERE number IS NULL)
		OR EXISTS (SELECT 1 FROM audit_events WHERE sequence IS NULL)`
	sequencerLock = `SELECT pg_advisory_xact_lock(hashtextextended('mortise sequencer ' || current_schema(), 0))`
	notify        = `SELECT pg_notify('mortise', current_schema())`
)

// Number implements sqlstore.Engine: it is the sequencer of TH-2. One replica at
// a time numbers; the others wait for it, since what it numbers is theirs to see.
func (s *Store) Number(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, numberTime)
	defer cancel()
	err := s.withConn(ctx, func(ctx context.Context, c *pgxpool.Conn) error {
		if err := s.sameServer(ctx, c); err != nil {
			return err
		}
		var some bool
		if err := c.QueryRow(ctx, anyUnnumbered).Scan(&some); err != nil || !some {
			return translate(err)
		}
		for more := true; more; {
			var err error
			if more, err = number(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return unavailable(err)
	}
	return err
}

// number numbers once and reports whether rows may be left.
func number(ctx context.Context, c *pgxpool.Conn) (more bool, err error) {
	a := newAct(c.Conn())
	err = a.run(ctx, func(tx sqlstore.Tx) error {
		if _, err := tx.Exec(ctx, sequencerLock); err != nil {
			return err
		}
		var before, after int64
		const head = "SELECT number FROM heads WHERE name = 'revocation'"
		if err := tx.QueryRow(ctx, head).Scan(&before); err != nil {
			return err
		}
		if err := tx.Queue(ctx, numberRevocations, stragglers); err != nil {
			return err
		}
		if err := tx.Queue(ctx, numberEvents, stragglers); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, head).Scan(&after); err != nil || after == before {
			return err
		}
		more = after-before == stragglers
		return tx.Queue(ctx, notify)
	})
	return more, err
}
