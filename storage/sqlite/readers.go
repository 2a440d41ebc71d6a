package sqlite

import (
	"context"
	"sync"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// readers are connections that cannot write. They are dialled when first
// wanted, at most as many as free holds; then callers wait for one.
type readers struct {
	dsn  string
	free chan *conn // nil: may still be dialled
	once sync.Once
	done chan struct{}
}

func newReaders(dsn string, n int) *readers {
	r := &readers{dsn: dsn, free: make(chan *conn, n), done: make(chan struct{})}
	for range n {
		r.free <- nil
	}
	return r
}

func (r *readers) take(ctx context.Context) (*conn, error) {
	select {
	case <-r.done:
		return nil, unavailable(errClosed)
	default:
	}
	var c *conn
	select {
	case c = <-r.free:
	default:
		select {
		case c = <-r.free:
		case <-r.done:
			return nil, unavailable(errClosed)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if c != nil {
		return c, nil
	}
	c, err := dial(r.dsn)
	if err != nil {
		r.free <- nil
		return nil, err
	}
	return c, nil
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
		r.free <- c
	}()
	return fn(&v)
}

// close waits for reads under way.
func (r *readers) close() {
	r.once.Do(func() {
		close(r.done)
		for range cap(r.free) {
			if c := <-r.free; c != nil {
				c.close()
			}
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
