package floor

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver that Mortise uses
)

// Committer writes the two rows of a session's birth, the session and its audit
// event, into a database that has Mortise's tables. One goroutine commits for
// all who wait; nothing is checked and nothing else is written.
type Committer struct {
	db      *sql.DB
	people  []Person
	number  atomic.Uint64
	waiting chan chan error
	done    chan struct{}
}

// Person is somebody whose sessions are born.
type Person struct {
	ID   []byte // as the session's row has it
	Name string // as the event's row has it
}

// OpenCommitter opens the database file at path, for sessions of those people in
// turn.
func OpenCommitter(path string, people []Person) (*Committer, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"+
		"&_pragma=wal_autocheckpoint(8000)&_pragma=cache_size(-4096)&_pragma=temp_store(MEMORY)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	c := &Committer{db: db, people: people, waiting: make(chan chan error, 1024), done: make(chan struct{})}
	ready := make(chan error)
	go c.run(ready)
	return c, <-ready
}

// Commit returns once its two rows are on the disk.
func (c *Committer) Commit() error {
	answer := make(chan error, 1)
	c.waiting <- answer
	return <-answer
}

// Close ends the Committer. Nobody may be waiting.
func (c *Committer) Close() error {
	close(c.waiting)
	<-c.done
	return c.db.Close()
}

// All values are bound: in a real program each differs from act to act.
const (
	session = `INSERT INTO sessions (id, user_id, digest, user_version, methods, assurance, authenticated_at, created_at,
		last_seen_at, idle_timeout, expires_at, lapses_at, ip, user_agent, place)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	event = `INSERT INTO audit_events (id, at, sequence, name, severity, outcome, reason, actor_type, actor_id, subject,
		session, client, ip, user_agent, place, request_id, details)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (c *Committer) run(ready chan<- error) {
	defer close(c.done)
	ctx := context.Background()
	s, err1 := c.db.PrepareContext(ctx, session)
	e, err2 := c.db.PrepareContext(ctx, event)
	err3 := c.db.QueryRowContext(ctx, "SELECT coalesce(max(sequence), 0) FROM audit_events").Scan(new(int64))
	ready <- errors.Join(err1, err2, err3)
	if err1 != nil || err2 != nil {
		return
	}
	for first := range c.waiting {
		batch := []chan error{first}
		err := c.batch(ctx, s, e, &batch)
		for _, b := range batch {
			b <- err
		}
	}
}

func (c *Committer) batch(ctx context.Context, s, e *sql.Stmt, batch *[]chan error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s, e = tx.StmtContext(ctx, s), tx.StmtContext(ctx, e)
	for n := 0; ; n++ {
		if err := c.rows(ctx, s, e); err != nil {
			return err
		}
		select {
		case next, ok := <-c.waiting:
			if ok {
				*batch = append(*batch, next)
				continue
			}
		default:
		}
		return tx.Commit()
	}
}

func (c *Committer) rows(ctx context.Context, s, e *sql.Stmt) error {
	var digest [32]byte
	_, _ = rand.Read(digest[:]) // never fails
	now, n := time.Now().UnixMicro(), c.number.Add(1)
	binary.BigEndian.PutUint32(digest[:], uint32(now>>12)) // as ours begin
	who := c.people[n%uint64(len(c.people))]
	const week = int64(7 * 24 * time.Hour / time.Microsecond)
	_, err := s.ExecContext(ctx, ordered('s', n), who.ID, digest[:], 1, `["pwd"]`, 1, now, now, now, week, now+4*week, now+week, "192.0.2.1", "bench", "")
	if err != nil {
		return err
	}
	_, err = e.ExecContext(ctx, ordered('e', n), now, int64(n)+1_000_000_000, "login.succeeded", "info", "success", "", "user", who.Name, who.Name,
		who.Name, "", "192.0.2.1", "bench", "", "", "{}")
	return err
}

// ordered is an id that grows with n, as ours grow with time.
func ordered(kind byte, n uint64) []byte {
	id := make([]byte, 16)
	id[0] = 0xff
	id[1] = kind
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}
