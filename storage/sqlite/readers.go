package sqlite

import (
	"context"
	"sync"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// readers are connections that cannot write. They are dialled when first
// wanted, at most as many as there are turns; then callers wait for one. Whoever
// comes next gets the connection used last: its pages are the warmest, and where
// few read at once few connections keep pages at all.
type readers struct {
	dsn   string
	turns chan struct{}
	once  sync.Once
	done  chan struct{}

	mu   sync.Mutex
	idle []*conn
}

func newReaders(dsn string, n int) *readers {
	return &readers{dsn: dsn, turns: make(chan struct{}, n), done: make(chan struct{})}
}

func (r *readers) take(ctx context.Context) (*conn, error) {
	if err := r.turn(ctx); err != nil {
		return nil, err
	}
	if c := r.warmest(); c != nil {
		return c, nil
	}
	c, err := dial(r.dsn)
	if err != nil {
		<-r.turns
		return nil, err
	}
	return c, nil
}

// turn waits until another connection may be used.
func (r *readers) turn(ctx context.Context) error {
	select {
	case <-r.done:
		return unavailable(errClosed)
	default:
	}
	select {
	case r.turns <- struct{}{}:
		return nil
	default:
	}
	select {
	case r.turns <- struct{}{}:
		return nil
	case <-r.done:
		return unavailable(errClosed)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *readers) warmest() *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	if last < 0 {
		return nil
	}
	c := r.idle[last]
	r.idle = r.idle[:last]
	return c
}

func (r *readers) give(c *conn) {
	r.mu.Lock()
	r.idle = append(r.idle, c)
	r.mu.Unlock()
	<-r.turns
}

func (r *readers) read(ctx context.Context, fn func(sqlstore.Querier) error) error {
	c, err := r.take(ctx)
	if err != nil {
		return err
	}
	v := view{conn: c}
	defer func() {
		v.conn = nil
		c.reset()
		r.give(c)
	}()
	return fn(&v)
}

// close waits for reads under way.
func (r *readers) close() {
	r.once.Do(func() {
		close(r.done)
		for range cap(r.turns) {
			r.turns <- struct{}{}
		}
		for c := r.warmest(); c != nil; c = r.warmest() {
			c.close()
		}
	})
}

// view lends a read-only connection to one function.
type view struct{ conn *conn }

func (v *view) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if v.conn == nil {
		return 0, errOutside
	}
	return v.conn.exec(sql, args) // query_only refuses changes
}

func (v *view) Query(ctx context.Context, sql string, args ...any) (sqlstore.Rows, error) {
	if v.conn == nil {
		return nil, errOutside
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := v.conn.query(sql, args)
	if err != nil {
		return nil, err
	}
	if ctx.Done() != nil {
		r.ctx = ctx
	}
	return r, nil
}

func (v *view) QueryRow(ctx context.Context, sql string, args ...any) sqlstore.Row {
	r, err := v.Query(ctx, sql, args...)
	return row{r, err}
}
