package sqlite

import (
	"context"
	"errors"
	"fmt"
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

// act is one closure to be run in a transaction. It runs on its caller's
// goroutine, when the writer calls: so a closure that hangs holds up its own
// caller only, and a panic unwinds where it belongs. It implements sqlstore.Tx.
type act struct {
	fn    func(sqlstore.Tx) error
	state atomic.Int32
	turn  chan verdict  // from the writer
	done  chan struct{} // from the caller: the closure returned or panicked

	unhurried bool // the engine's own: never cut off

	mu       sync.Mutex // between the closure and the writer that cuts it off
	w        *writer
	running  bool // statements are taken
	panicked bool
	wrote    int // statements that changed a row
	fault    error
	err      error
	entries  []revocation.Entry
}

// verdict is what the writer tells a caller: run, or it is over.
type verdict struct {
	over bool
	err  error
}

func newAct(w *writer, fn func(sqlstore.Tx) error) *act {
	return &act{w: w, fn: fn, turn: make(chan verdict, 1), done: make(chan struct{}, 1)}
}

// await waits for the writer, runs the closure as often as it is told to and
// returns the outcome of the act.
func (a *act) await(ctx context.Context) error {
	var v verdict
	select {
	case v = <-a.turn:
	case <-ctx.Done():
		if a.state.CompareAndSwap(waiting, gone) {
			return ctx.Err()
		}
		v = <-a.turn
	}
	for !v.over {
		a.call()
		v = <-a.turn
	}
	return v.err
}

var errPanicked = errors.New("sqlite: the act panicked")

func (a *act) call() {
	returned := false
	defer func() {
		if returned {
			return
		}
		a.finish(errPanicked) // or runtime.Goexit; the panic goes on after the rollback
		<-a.turn
	}()
	err := a.fn(a)
	returned = true
	a.finish(err)
}

// finish ends the taking of statements. What went wrong first is the error, even
// if the closure swallowed it: half of an act must not be kept.
func (a *act) finish(err error) {
	a.mu.Lock()
	if a.running {
		a.running = false
		a.w.conn.reset()
		a.panicked = errors.Is(err, errPanicked)
		if a.err = err; err == nil {
			a.err = a.fault
		}
	}
	a.mu.Unlock()
	a.done <- struct{}{}
}

// start readies the act for a run.
func (a *act) start() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running, a.wrote, a.fault, a.err, a.entries = true, 0, nil, nil, a.entries[:0]
}

// cut ends an act that takes too long. It waits for a statement under way, so
// statements must be short. It reports false when the act has just finished.
func (a *act) cut() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running {
		return false
	}
	a.running = false
	a.w.conn.reset()
	a.err = ErrTooSlow
	return true
}

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
	if n > 0 {
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
	return actRows{a, r}, nil
}

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
