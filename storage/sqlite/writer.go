package sqlite

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

const (
	actLimit   = 50 * time.Millisecond // a closure that others wait for is cut off after this (TH-26)
	aloneLimit = 20                    // times that, while nobody else waits: the machine may be busy elsewhere
	batchTime  = 10 * time.Millisecond // a batch takes no further act after this
	batchActs  = 256
	gatherTime = 150 * time.Microsecond
	queueLimit = 16384
)

// writer is the one goroutine that changes the database. It owns conn; acts
// borrow it while the writer waits for them.
type writer struct {
	conn    *conn
	queue   *queue
	mark    *mark
	heads   heads // with the batch under way
	kept    heads // as committed
	failed  atomic.Pointer[error]
	last    int // acts in the last batch
	slow    *time.Timer
	limit   time.Duration // of an act
	stopped chan struct{}
}

// heads are the highest numbers given out.
type heads struct{ events, revocations int64 }

func (h *heads) next(s sqlstore.Stream) int64 {
	if s == sqlstore.Revocations {
		h.revocations++
		return h.revocations
	}
	h.events++
	return h.events
}

// limit is how long an act may take. Where nothing is kept for good, hundreds of
// instances may share two cores, and nobody is kept waiting by a stranger.
func limit(m *mark) time.Duration {
	if m.volatile {
		return 600 * actLimit
	}
	return actLimit
}

func newWriter(c *conn, m *mark, h heads) *writer {
	w := &writer{
		conn: c, mark: m, heads: h, kept: h,
		queue: newQueue(queueLimit), slow: time.NewTimer(time.Hour), limit: limit(m), stopped: make(chan struct{}),
	}
	go w.run()
	return w
}

func (w *writer) run() {
	defer close(w.stopped)
	for {
		if a := w.queue.pop(); a != nil {
			w.batch(a)
		} else if w.queue.drained() {
			return
		} else {
			<-w.queue.wake
		}
	}
}

// broken is why the engine closed itself, or nil.
func (w *writer) broken() error {
	if p := w.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// batch runs a and whoever else waits in one transaction. If the transaction is
// lost on the way, nobody was told anything yet and each act runs again alone.
func (w *writer) batch(a *act) {
	acts := make([]*act, 0, max(w.last, 1))
	err := w.begin()
	if err != nil {
		finish([]*act{a}, err)
		return
	}
	full := time.NewTimer(batchTime)
	defer full.Stop()
	alive := true
	for ; a != nil; a = w.another(len(acts), full) {
		acts = append(acts, a)
		if alive = w.step(a, len(acts) == 1); !alive {
			break
		}
	}
	w.last = len(acts)
	if alive {
		alive = w.commit() == nil
	}
	switch {
	case alive:
		finish(acts, nil)
	case w.broken() != nil:
		finish(acts, w.broken())
	default:
		w.abandon()
		w.oneByOne(acts)
	}
}

// another is the next act of a batch that has n already: whoever waits, or, when
// the last batch was larger, whoever comes within an instant. Callers of one
// batch tend to come back together.
func (w *writer) another(n int, full *time.Timer) *act {
	select {
	case <-full.C:
		return nil
	default:
	}
	if n >= batchActs {
		return nil
	}
	if a := w.queue.pop(); a != nil || n >= w.last {
		return a
	}
	return w.gather()
}

func (w *writer) gather() *act {
	t := time.NewTimer(gatherTime)
	defer t.Stop()
	for {
		select {
		case <-w.queue.wake:
			if a := w.queue.pop(); a != nil {
				return a
			}
			if w.queue.drained() {
				return nil
			}
		case <-t.C:
			return nil
		}
	}
}

func (w *writer) oneByOne(acts []*act) {
	for _, a := range acts {
		if a.panicked || errors.Is(a.err, ErrTooSlow) {
			a.turn <- verdict{over: true, err: a.err}
			continue
		}
		err := w.begin()
		if err == nil {
			if !w.step(a, false) {
				err = a.err
			} else {
				err = w.commit()
			}
			if err != nil && w.broken() == nil {
				w.abandon()
			}
		}
		finish([]*act{a}, err)
	}
}

// step runs one act in a savepoint. It reports whether the transaction lives.
// alone says that no other act of the batch waits for its commit.
func (w *writer) step(a *act, alone bool) bool {
	if _, err := w.conn.exec("SAVEPOINT act", nil); err != nil {
		a.err = err
		return false
	}
	before := w.heads
	a.start()
	a.turn <- verdict{}
	if a.unhurried {
		<-a.done
		return w.settle(a, before)
	}
	w.await(a, alone)
	return w.settle(a, before)
}

// await waits for the closure of a, and cuts it off when it holds others up.
func (w *writer) await(a *act, alone bool) {
	for n := 1; ; n++ {
		w.slow.Reset(w.limit)
		select {
		case <-a.done:
			return
		case <-w.slow.C:
			if alone && n < aloneLimit && w.queue.empty() {
				continue
			}
			if !a.cut() {
				<-a.done
			}
			return
		}
	}
}

// settle keeps or undoes the savepoint of an act that ran.
func (w *writer) settle(a *act, before heads) bool {
	if a.err == nil {
		if _, a.err = w.conn.exec("RELEASE act", nil); a.err == nil {
			return true
		}
	}
	w.heads = before
	if _, err := w.conn.exec("ROLLBACK TO act", nil); err != nil {
		return false // there is no such savepoint: the transaction is gone
	}
	_, err := w.conn.exec("RELEASE act", nil)
	return err == nil
}

func (w *writer) begin() error {
	if err := w.broken(); err != nil {
		return err
	}
	_, err := w.conn.exec("BEGIN IMMEDIATE", nil)
	return err
}

// commit makes the batch durable. When it fails nobody knows what the disk
// holds, so the engine closes for good; only a disk that was full before
// anything could be promised lets it go on.
func (w *writer) commit() error {
	if err := w.keepHeads(); err != nil {
		return err
	}
	if _, err := w.conn.exec("COMMIT", nil); err != nil {
		if !errors.Is(err, errFull) {
			w.breakDown(err)
		}
		return err
	}
	if w.heads != w.kept {
		w.kept = w.heads
		w.mark.move(w.kept)
	}
	return nil
}

func (w *writer) keepHeads() error {
	const put = "UPDATE heads SET number = $1 WHERE name = $2"
	if w.heads.events != w.kept.events {
		if _, err := w.conn.exec(put, []any{w.heads.events, string(sqlstore.Events)}); err != nil {
			return err
		}
	}
	if w.heads.revocations != w.kept.revocations {
		if _, err := w.conn.exec(put, []any{w.heads.revocations, string(sqlstore.Revocations)}); err != nil {
			return err
		}
	}
	return nil
}

// abandon undoes what is left of a lost transaction. SQLite may have done it.
func (w *writer) abandon() {
	w.heads = w.kept
	_, _ = w.conn.exec("ROLLBACK", nil) // fails when there is none
	if _, err := w.conn.exec("BEGIN IMMEDIATE", nil); err != nil {
		w.breakDown(err)
		return
	}
	if _, err := w.conn.exec("ROLLBACK", nil); err != nil {
		w.breakDown(err)
	}
}

func (w *writer) breakDown(err error) {
	err = unavailable(err)
	w.failed.CompareAndSwap(nil, &err)
}

// finish tells every caller how its act ended: with err, or else its own error.
func finish(acts []*act, err error) {
	for _, a := range acts {
		v := verdict{over: true, err: err}
		if err == nil || a.panicked {
			v.err = a.err
		}
		a.turn <- v
	}
}

// stop serves those who wait and ends the goroutine.
func (w *writer) stop() {
	w.queue.close()
	<-w.stopped
}

// skip raises the heads to at least h. It is called before the first act.
func (w *writer) skip(h heads) {
	w.heads.events = max(w.heads.events, h.events)
	w.heads.revocations = max(w.heads.revocations, h.revocations)
}
