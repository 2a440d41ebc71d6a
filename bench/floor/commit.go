package floor

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver that Mortise uses
)

// Committer writes the two rows of a session's birth, the session and its audit
// event, into a database that has Mortise's tables. One goroutine commits for
// all who wait; nothing is checked and nothing else is written.
type Committer struct {
	*group[struct{}]
	people []Person
	number atomic.Uint64
}

// Person is somebody whose sessions are born.
type Person struct {
	ID   []byte // as the session's row has it
	Name string // as the event's row has it
}

// OpenCommitter opens the database file at path, for sessions of those people in
// turn.
func OpenCommitter(path string, people []Person) (_ *Committer, err error) {
	c := &Committer{people: people}
	if c.group, err = openGroup("file:"+path, 4096, c.rows, session, event); err != nil {
		return nil, err
	}
	return c, c.start()
}

// Commit returns once its two rows are on the disk.
func (c *Committer) Commit() error { return c.commit(struct{}{}) }

// Close ends the Committer. Nobody may be waiting.
func (c *Committer) Close() error { return c.close() }

// All values are bound: in a real program each differs from act to act.
const (
	session = `INSERT INTO sessions (id, user_id, digest, user_version, methods, assurance, authenticated_at, created_at,
		last_seen_at, idle_timeout, expires_at, lapses_at, ip, user_agent, place)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	event = `INSERT INTO audit_events (id, at, sequence, name, severity, outcome, reason, actor_type, actor_id, subject,
		session, client, ip, user_agent, place, request_id, details)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

func (c *Committer) rows(ctx context.Context, with []*sql.Stmt, _ struct{}) error {
	var digest [32]byte
	_, _ = rand.Read(digest[:]) // never fails
	now, n := time.Now().UnixMicro(), c.number.Add(1)
	binary.BigEndian.PutUint32(digest[:], uint32(now>>12)) // as ours begin
	who := c.people[n%uint64(len(c.people))]
	const week = int64(7 * 24 * time.Hour / time.Microsecond)
	_, err := with[0].ExecContext(ctx, ordered('s', n), who.ID, digest[:], 1, `["pwd"]`, 1, now, now, now, week, now+4*week, now+week, "192.0.2.1", "bench", "")
	if err != nil {
		return err
	}
	_, err = with[1].ExecContext(ctx, ordered('e', n), now, int64(n)+1_000_000_000, "login.succeeded", "info", "success", "", "user", who.Name, who.Name,
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
