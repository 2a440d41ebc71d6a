package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

// readers are connections that cannot write. They are dialled when wanted and none
// comes back soon, at most as many as there are turns; then callers wait for one.
// Whoever comes next gets the connection used last: its pages are the warmest, and
// where few read at once few connections keep pages at all.
type readers struct {
	dsn   string
	turns chan struct{}
	once  sync.Once
	done  chan struct{}

	some  atomic.Bool   // there is a connection, or soon
	given chan struct{} // holds a token after one came back

	mu   sync.Mutex
	idle []*conn
}

// dialTime is how long a read waits for a connection in use before it dials another:
// reading the schema takes longer than most reads.
const dialTime = 5 * time.Millisecond

func newReaders(dsn string, n int) *readers {
	return &readers{dsn: dsn, turns: make(chan struct{}, n), done: make(chan struct{}), given: make(chan struct{}, 1)}
}

func (r *readers) take(ctx context.Context) (*conn, error) {
	if err := r.turn(ctx); err != nil {
		return nil, err
	}
	if c := r.spare(); c != nil {
		return c, nil
	}
	r.some.Store(true)
	c, err := dial(r.dsn)
	if err != nil {
		<-r.turns
		return nil, err
	}
	return c, nil
}

// warm dials the first connection while its caller goes on. What is wrong with it
// the first reader is told.
func (r *readers) warm() {
	go func() { _ = r.read(context.Background(), func(sqlstore.Querier) error { return nil }) }()
}

// spare returns a connection that nobody uses, or nil when there will be none soon.
func (r *readers) spare() *conn {
	if c := r.warmest(); c != nil || !r.some.Load() {
		return c
	}
	late := time.NewTimer(dialTime)
	defer late.Stop()
	for {
		select {
		case <-r.given:
			if c := r.warmest(); c != nil {
				return c
			}
		case <-late.C:
			return r.warmest()
		}
	}
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
	select {
	case r.given <- struct{}{}:
	default:
	}
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
