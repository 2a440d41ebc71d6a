package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	neturl "net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/mortise-auth/mortise/internal/ratelimit"
)

const (
	// Patience is how long a decision waits for the server.
	Patience = 100 * time.Millisecond
	// pause is how long the server is left alone after it failed.
	pause = time.Second
	// idle connections are kept, most are made: beyond it a decision counts here.
	idle, most = 16, 64
	// silence after which a subscription is made anew: its connection may be dead.
	silence = time.Minute
)

// Server is a connection to a Redis-compatible server. It is safe for concurrent
// use, connects when it is first needed and again whenever it must.
type Server struct {
	pool *redis.Pool
	wake chan struct{}
	due  chan struct{} // a wake-up to publish
	used atomic.Bool
	room room
}

// room is what the replicas of one instance share.
type room struct {
	prefix   string // of every key, in one slot of a cluster
	self     string // this process among them
	replicas atomic.Int64
	log      *slog.Logger
}

// Open reads a redis:// or rediss:// URL. It does not connect: a server that is
// away is no reason not to start.
func Open(url string) (*Server, error) {
	if u, err := neturl.Parse(url); err != nil || u.Host == "" || u.Scheme != "redis" && u.Scheme != "rediss" {
		return nil, ErrBadURL
	} else if _, err := strconv.ParseUint(cmp.Or(u.Port(), "6379"), 10, 16); err != nil {
		return nil, ErrBadURL
	}
	pool := &redis.Pool{
		MaxIdle: idle, MaxActive: most, IdleTimeout: time.Minute,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialURLContext(ctx, url, redis.DialConnectTimeout(time.Second),
				redis.DialReadTimeout(Patience), redis.DialWriteTimeout(Patience))
		},
	}
	return &Server{pool: pool, wake: make(chan struct{}, 1), due: make(chan struct{}, 1)}, nil
}

var (
	// ErrBadURL: Open was given something else than an address.
	ErrBadURL = errors.New("redis: bad URL: want redis://user:password@host:port/0 or rediss://…")
	// ErrInUse: one Server serves one instance.
	ErrInUse = errors.New("redis: this connection serves another instance already")
)

// Limits returns the shared counters. It can be called once.
func (s *Server) Limits(o ratelimit.SharedOptions) (ratelimit.Store, error) {
	if !s.used.CompareAndSwap(false, true) {
		return nil, ErrInUse
	}
	s.room = room{prefix: "mortise:{" + o.Instance + "}:", self: o.Self, log: o.Log}
	s.room.replicas.Store(1)
	return newLimits(s, o)
}

// Wake gets a token soon after any replica called Notify.
func (s *Server) Wake() <-chan struct{} { return s.wake }

// Notify wakes the other replicas, soon and without waiting. Many calls at once
// are one.
func (s *Server) Notify() {
	select {
	case s.due <- struct{}{}:
	default:
	}
}

// Run publishes and receives wake-ups and counts the replicas, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	if !s.used.Load() {
		return nil
	}
	var wg sync.WaitGroup
	for _, job := range []func(context.Context){s.publish, s.receive, s.attend} {
		wg.Go(func() { job(ctx) })
	}
	wg.Wait()
	return nil
}

func (s *Server) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.due:
			if _, err := s.do(ctx, "PUBLISH", s.room.prefix+"wake", ""); err != nil && ctx.Err() == nil {
				s.room.log.Debug("the other replicas were not woken; they poll anyway", "error", err)
			}
		}
	}
}

// do asks on a pooled connection. A connection whose answer was not read to its
// end is closed by the library, so a late answer reaches nobody.
func (s *Server) do(ctx context.Context, command string, args ...any) (any, error) {
	c, err := s.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	said, err := redis.DoContext(c, ctx, command, args...)
	return said, errors.Join(err, c.Close())
}

// run runs a script, sending its text only when the server does not know it.
func (s *Server) run(ctx context.Context, script *redis.Script, args ...any) (any, error) {
	c, err := s.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	said, err := script.DoContext(ctx, c, args...)
	return said, errors.Join(err, c.Close())
}

// receive listens for wake-ups and begins again a second after it lost the
// server.
func (s *Server) receive(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.listen(ctx); err != nil && ctx.Err() == nil {
			s.room.log.Debug("wake-ups are not received; revocations are polled anyway", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (s *Server) listen(ctx context.Context) error {
	c, err := s.pool.DialContext(ctx)
	if err != nil {
		return err
	}
	sub := redis.PubSubConn{Conn: c}
	defer context.AfterFunc(ctx, func() { _ = c.Close() })() // ends the wait
	defer func() { _ = sub.Close() }()                       // nothing is lost with it
	if err := sub.Subscribe(s.room.prefix + "wake"); err != nil {
		return err
	}
	for {
		switch said := sub.ReceiveWithTimeout(silence).(type) {
		case redis.Message:
			select {
			case s.wake <- struct{}{}:
			default:
			}
		case error:
			return said
		}
	}
}

const (
	attendEvery = 5 * time.Second
	attendFor   = 3 * attendEvery
)

// attend tells the others that this process is there, and counts them, so that
// limits can be divided when the server goes away.
func (s *Server) attend(ctx context.Context) {
	tick := time.NewTicker(attendEvery)
	defer tick.Stop()
	for {
		n, err := redis.Int64(s.run(ctx, attendance, s.room.prefix+"replicas", s.room.self, attendFor.Microseconds()))
		if err == nil {
			s.room.replicas.Store(max(1, n))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// attendance notes one process and returns how many were noted lately.
var attendance = redis.NewScript(1, `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] / 1000)
return redis.call('ZCARD', KEYS[1])`)

// Replicas is how many processes were seen lately, this one included.
func (s *Server) Replicas() int { return int(s.room.replicas.Load()) }

// Health returns nil when the server answers.
func (s *Server) Health(ctx context.Context) error {
	if _, err := s.do(ctx, "PING"); err != nil {
		return fmt.Errorf("redis does not answer: %w", err)
	}
	return nil
}

// Close releases the connections.
func (s *Server) Close() error { return s.pool.Close() }
