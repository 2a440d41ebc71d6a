package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// listener turns the sequencer's notifications into wake-ups. It only makes
// polls come sooner; a poll is what counts (TH-11).
type listener struct {
	mu     sync.Mutex
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
	closed bool
}

// Wake returns a channel that gets a token soon after any replica numbered new
// revocations. The first call starts a connection of its own, which is made
// again whenever it breaks, until Close.
func (s *Store) Wake() <-chan struct{} {
	l := &s.listener
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake == nil {
		l.wake = make(chan struct{}, 1)
		if l.closed {
			return l.wake
		}
		ctx, cancel := context.WithCancel(context.Background())
		l.cancel, l.done = cancel, make(chan struct{})
		go l.run(ctx, s.pool.Config().ConnConfig)
	}
	return l.wake
}

func (l *listener) run(ctx context.Context, cfg *pgx.ConnConfig) {
	defer close(l.done)
	for ctx.Err() == nil {
		l.follow(ctx, cfg)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// follow listens until the connection breaks.
func (l *listener) follow(ctx context.Context, cfg *pgx.ConnConfig) {
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		c.Close(ctx)
	}()
	var schema string
	if err := c.QueryRow(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return
	}
	if _, err := c.Exec(ctx, "LISTEN mortise"); err != nil {
		return
	}
	for {
		n, err := c.WaitForNotification(ctx)
		if err != nil {
			return
		}
		if n.Payload != schema {
			continue // another instance in this database
		}
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

func (l *listener) stop() {
	l.mu.Lock()
	l.closed = true
	cancel, done := l.cancel, l.done
	l.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}
