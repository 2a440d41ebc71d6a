package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// actLimit ends a transaction whose function does not come back: its connection
// is closed under it, and the server undoes it and lets go of its locks (TH-26).
const actLimit = 5 * time.Second

// act is one transaction. It implements sqlstore.Tx and bound.Act.
type act struct {
	conn    *pgx.Conn
	pending *pgx.Batch // sent with the next statement; BEGIN is the first of them
	begun   bool
	running bool
	wrote   int
	fault   error
	late    atomic.Bool
	entries []revocation.Entry
}

func newAct(conn *pgx.Conn) *act {
	a := &act{conn: conn, running: true, pending: new(pgx.Batch)}
	a.pending.Queue("BEGIN")
	return a
}

// run runs fn and commits, or rolls back, also when fn panics.
func (a *act) run(ctx context.Context, fn func(sqlstore.Tx) error) (err error) {
	raw := a.conn.PgConn().Conn()
	limit := time.AfterFunc(actLimit, func() {
		a.late.Store(true)
		raw.Close()
	})
	done := false
	defer func() {
		a.running = false
		limit.Stop()
		if !done {
			a.rollback()
		}
		if a.late.Load() && err != nil {
			err = ErrTooSlow.Because(err)
		}
	}()
	if err = fn(a); err == nil {
		err = a.fault
	}
	if err == nil {
		err = translate(a.commit(ctx))
		done = err == nil
	}
	return err
}

// commit sends what is pending and COMMIT. Nothing pending but BEGIN: no
// statement was ever run.
func (a *act) commit(ctx context.Context) error {
	if !a.begun && a.pending.Len() == 1 {
		return nil
	}
	// A caller that leaves now must not leave the outcome in doubt.
	tag, err := a.send(context.WithoutCancel(ctx), "COMMIT", nil)
	if err == nil && tag.String() != "COMMIT" {
		err = fmt.Errorf("postgres: commit answered %s", tag)
	}
	return err
}

func (a *act) rollback() {
	if !a.begun || a.conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := a.conn.Exec(ctx, "ROLLBACK"); err != nil {
		a.conn.Close(ctx)
	}
}

func (a *act) enter() error {
	if !a.running {
		return errOutside
	}
	if a.fault != nil {
		return fmt.Errorf("%w: %w", errSpent, a.fault)
	}
	return nil
}

// spoil notes the first failure of a statement; PostgreSQL takes none after it.
func (a *act) spoil(err error) error {
	err = translate(err)
	if err != nil && a.fault == nil && !errors.Is(err, sqlstore.ErrNoRows) {
		a.fault = err
	}
	return err
}

// send executes one statement after all that are pending, in one round trip.
func (a *act) send(ctx context.Context, sql string, args []any) (pgconn.CommandTag, error) {
	if a.pending.Len() == 0 {
		return a.conn.Exec(ctx, sql, args...)
	}
	results, err := a.flush(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, errors.Join(err, results.Close())
}

// flush sends what is pending and then sql, and stops before the latter's result.
func (a *act) flush(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	n := a.pending.Len()
	a.pending.Queue(sql, args...)
	a.begun = true
	results := a.conn.SendBatch(ctx, a.pending)
	for range n {
		if _, err := results.Exec(); err != nil {
			results.Close()
			return nil, err
		}
	}
	a.pending = new(pgx.Batch)
	return results, nil
}

func (a *act) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := a.enter(); err != nil {
		return 0, err
	}
	tag, err := a.send(ctx, sql, plain(args))
	if err != nil {
		return 0, a.spoil(err)
	}
	n := tag.RowsAffected()
	if n > 0 && !tag.Select() {
		a.wrote++
	}
	return n, nil
}

func (a *act) Queue(_ context.Context, sql string, args ...any) error {
	if err := a.enter(); err != nil {
		return err
	}
	a.pending.Queue(sql, plain(args)...)
	a.wrote++
	return nil
}

func (a *act) Query(ctx context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	if err := a.enter(); err != nil {
		return nil, err
	}
	if a.pending.Len() == 0 {
		r, err := a.conn.Query(ctx, sql, plain(args)...)
		if err != nil {
			return nil, a.spoil(err)
		}
		return &rows{raw: r, act: a}, nil
	}
	results, err := a.flush(ctx, sql, plain(args))
	if err != nil {
		return nil, a.spoil(err)
	}
	r, err := results.Query()
	if err != nil {
		return nil, a.spoil(errors.Join(err, results.Close()))
	}
	return &rows{raw: r, act: a, batch: results}, nil
}

func (a *act) QueryRow(ctx context.Context, sql string, args ...any) sqlstore.Row {
	r, err := a.Query(ctx, sql, args...)
	return row{r, err}
}

// Sequence has no number: rows get theirs once they are committed (TH-2).
func (a *act) Sequence(sqlstore.Stream) (int64, bool) { return 0, false }

func (a *act) Revoke(e revocation.Entry) { a.entries = append(a.entries, e) }

// Wrote and Doom make the act a bound.Act.
func (a *act) Wrote() int { return a.wrote }

func (a *act) Doom(err error) { _ = a.spoil(err) }
