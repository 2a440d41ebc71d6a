package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// States of an act in the queue. Whoever moves it from waiting owns what follows.
const (
	waiting int32 = iota
	called        // by the writer
	gone          // its caller's context ended first
)

// act is one closure to be run in a transaction, by the writer's goroutine while
// its caller waits. It implements sqlstore.Tx.
type act struct {
	fn    func(sqlstore.Tx) error
	state atomic.Int32
	over  chan error // from the writer: how it ended

	unhurried bool // the engine's own: never cut off

	mu      sync.Mutex // between the closure and whoever cuts it off
	w       *writer
	running bool // statements are taken
	alone   bool // no other act of the batch waits for its commit
	looked  int  // how often it was found running
	wrote   int  // statements that may have changed a row
	fault   error
	err     error
	entries []revocation.Entry
	left    chan struct{} // of an act that was cut off: closed when its closure returned
	thrown  *thrown       // what the closure panicked with
	exited  bool          // the closure called runtime.Goexit
}

func newAct(w *writer, fn func(sqlstore.Tx) error) *act {
	return &act{w: w, fn: fn, over: make(chan error, 1)}
}

// await waits until the writer is done with the act and returns its outcome.
// What the closure did to its goroutine, a panic or an exit, it does to the
// caller's.
func (a *act) await(ctx context.Context) (err error) {
	select {
	case err = <-a.over:
	case <-ctx.Done():
		if a.state.CompareAndSwap(waiting, gone) {
			return ctx.Err()
		}
		err = <-a.over
	}
	if a.left != nil {
		<-a.left // it must not go on while its caller does
	}
	if a.thrown != nil {
		panic(a.thrown)
	}
	if a.exited {
		runtime.Goexit()
	}
	return err
}

// thrown is the panic of a closure, with the stack where it happened.
type thrown struct {
	value any
	stack []byte
}

func (t *thrown) Error() string { return fmt.Sprintf("%v\n\nin an act:\n%s", t.value, t.stack) }

func (t *thrown) Unwrap() error {
	err, _ := t.value.(error)
	return err
}

var errThrown = errors.New("sqlite: the act panicked")

// run calls the closure once. It reports false when the act was cut off
// meanwhile: then somebody else is the writer by now.
func (a *act) run(alone bool) (ours bool) {
	a.start(alone)
	returned := false
	defer func() {
		if returned {
			return
		}
		if p := recover(); p != nil {
			a.thrown = &thrown{p, debug.Stack()}
			ours = a.finish(errThrown)
			return
		}
		a.exited = true // and this goroutine ends
		if a.finish(errThrown) {
			go a.w.run(lost)
		}
	}()
	err := a.fn(a)
	returned = true
	return a.finish(err)
}

// start readies the act for a run.
func (a *act) start(alone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running, a.alone, a.looked, a.wrote = true, alone, 0, 0
	a.fault, a.err, a.entries = nil, nil, a.entries[:0]
}

// finish ends the taking of statements. What went wrong first is the error, even
// if the closure swallowed it: half of an act must not be kept.
func (a *act) finish(err error) (ours bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running {
		close(a.left)
		return false
	}
	a.running = false
	a.w.conn.reset()
	if a.err = err; err == nil {
		a.err = a.fault
	}
	return true
}

// overdue looks at the act, and cuts it off when it was found running for as long
// as an act may; then the caller is the writer. It waits for a statement under
// way, so statements must be short.
func (a *act) overdue(q *queue) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running || a.unhurried {
		return false
	}
	a.looked++
	if a.looked <= looks || (a.alone && a.looked <= looks*aloneLimit && q.empty()) {
		return false
	}
	a.running = false
	a.w.conn.reset()
	a.err, a.left = ErrTooSlow, make(chan struct{})
	return true
}

// hopeless says that the act is not to be run again. Of one that was cut off its
// closure may still be running, so nothing else of it is read.
func (a *act) hopeless() bool { return a.left != nil || a.thrown != nil || a.exited }

// enter locks the connection for one statement; the caller unlocks a.mu.
func (a *act) enter() error {
	a.mu.Lock()
	switch {
	case !a.running && errors.Is(a.err, ErrTooSlow):
		return ErrTooSlow
	case !a.running:
		return errOutside
	case a.fault != nil:
		return fmt.Errorf("%w: %w", errSpent, a.fault)
	}
	return nil
}

// spoil notes the first failure of a statement; nothing runs after it, because
// SQLite may have rolled back more than the statement (TH-23).
func (a *act) spoil(err error) {
	if err != nil && a.fault == nil {
		a.fault = err
	}
}

func (a *act) Exec(_ context.Context, sql string, args ...any) (int64, error) {
	err := a.enter()
	defer a.mu.Unlock()
	if err != nil {
		return 0, err
	}
	n, err := a.w.conn.exec(sql, args)
	a.spoil(err)
	if n > 0 || !counts(sql) {
		a.wrote++
	}
	return n, err
}

func (a *act) Queue(ctx context.Context, sql string, args ...any) error {
	_, err := a.Exec(ctx, sql, args...)
	return err
}

func (a *act) Query(_ context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	err := a.enter()
	defer a.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r, err := a.w.conn.query(sql, args)
	a.spoil(err)
	if err != nil {
		return nil, err
	}
	if !reads(sql) {
		a.wrote++
	}
	return actRows{a, r}, nil
}

// counts says that a statement that touched no row changed nothing.
func counts(sql string) bool {
	return strings.HasPrefix(sql, "INSERT") || strings.HasPrefix(sql, "UPDATE") || strings.HasPrefix(sql, "DELETE") || reads(sql)
}

// reads says that a query changes nothing for certain: RETURNING makes a query
// of every statement that does.
func reads(sql string) bool { return strings.HasPrefix(sql, "SELECT") }

func (a *act) QueryRow(ctx context.Context, sql string, args ...any) sqlstore.Row {
	r, err := a.Query(ctx, sql, args...)
	return row{r, err}
}

func (a *act) Sequence(s sqlstore.Stream) (int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running {
		return 0, true // no statement of this act is taken any more
	}
	return a.w.heads.next(s), true
}

// Wrote and Doom make the act a bound.Act.
func (a *act) Wrote() int { return a.wrote }

func (a *act) Doom(err error) { a.spoil(err) }

func (a *act) Revoke(e revocation.Entry) { a.entries = append(a.entries, e) }

// actRows are rows that stop when their act does.
type actRows struct {
	a *act
	*rows
}

func (r actRows) Next() bool {
	r.a.mu.Lock()
	defer r.a.mu.Unlock()
	if !r.a.running {
		r.rows.err = errOutside
		return false
	}
	ok := r.rows.Next()
	r.a.spoil(r.rows.err)
	return ok
}

func (r actRows) Close() error {
	r.a.mu.Lock()
	defer r.a.mu.Unlock()
	return r.rows.Close()
}
