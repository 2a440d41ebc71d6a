package floor

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	_ "modernc.org/sqlite" // the driver that Mortise uses
)

// group writes for all who wait, in one commit, into a database that has Mortise's
// tables, with the settings of Mortise's engine. Nothing is checked that write does
// not check.
type group[T any] struct {
	db         *sql.DB
	statements []string
	write      func(ctx context.Context, with []*sql.Stmt, one T) error
	waiting    chan queued[T]
	ended      chan struct{}
}

type queued[T any] struct {
	what T
	done chan error
}

// openGroup opens the file at path with a page cache of so many KiB. write is given
// the statements, in their order.
func openGroup[T any](path string, cache int, write func(context.Context, []*sql.Stmt, T) error, statements ...string) (*group[T], error) {
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"+
		fmt.Sprintf("&_pragma=wal_autocheckpoint(8000)&_pragma=cache_size(-%d)&_pragma=temp_store(MEMORY)&_txlock=immediate", cache))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &group[T]{db: db, statements: statements, write: write, waiting: make(chan queued[T], 1024), ended: make(chan struct{})}, nil
}

// start takes what comes from now on.
func (g *group[T]) start() error {
	ready := make(chan error)
	go g.run(ready)
	return <-ready
}

// commit returns once the rows of one are on the disk.
func (g *group[T]) commit(one T) error {
	q := queued[T]{one, make(chan error, 1)}
	g.waiting <- q
	return <-q.done
}

// close ends a group that was started. Nobody may be waiting.
func (g *group[T]) close() error {
	close(g.waiting)
	<-g.ended
	return g.db.Close()
}

func (g *group[T]) run(ready chan<- error) {
	defer close(g.ended)
	ctx := context.Background()
	with := make([]*sql.Stmt, len(g.statements))
	var all error
	for i, text := range g.statements {
		var err error
		with[i], err = g.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // they go with the database
		all = errors.Join(all, err)
	}
	if ready <- all; all != nil {
		return
	}
	for first := range g.waiting {
		batch := []queued[T]{first}
		err := g.batch(ctx, with, &batch)
		for _, one := range batch {
			one.done <- err
		}
	}
}

func (g *group[T]) batch(ctx context.Context, prepared []*sql.Stmt, batch *[]queued[T]) error {
	tx, err := g.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	with := make([]*sql.Stmt, len(prepared))
	for i := range prepared {
		with[i] = tx.StmtContext(ctx, prepared[i])
	}
	for n := 0; ; n++ {
		if err := g.write(ctx, with, (*batch)[n].what); err != nil {
			return err
		}
		select {
		case next, ok := <-g.waiting:
			if ok {
				*batch = append(*batch, next)
				continue
			}
		default:
		}
		return tx.Commit()
	}
}
