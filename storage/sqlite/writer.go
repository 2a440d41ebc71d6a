package sqlite

import (
	"errors"
	"runtime"
	"slices"
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
	crowd      = 16 // acts among which the costs of a commit are small
	queueLimit = 16384
	waryActs   = 64 // batches with savepoints after an act that failed half-way undid its batch
)

// writer changes the database: one goroutine at a time, which owns conn and all
// fields that are not atomic. An act that hangs takes the goroutine with it, and
// whoever cuts the act off goes on in its place (see watch.go).
type writer struct {
	conn    *conn
	queue   *queue
	mark    *mark
	heads   heads // with the batch under way
	kept    heads // as committed
	failed  atomic.Pointer[error]
	acts    []*act // of the batch under way: nobody was told anything yet
	alone   []*act // to be run one by one after it
	way     way
	why     error // the batch was lost
	wary    int   // batches still to be run with savepoints
	last    int   // acts in the last batch
	watch   watch
	stopped chan struct{}
}

// way is how the acts of a batch are kept apart.
type way int

const (
	together way = iota // by nothing: one that fails half-way undoes all, and they run again
	guarded             // each by a savepoint
	apart               // each by a transaction
)

// outcome is what became of a batch or of an act in it.
type outcome int

const (
	done    outcome = iota // all were told; of an act: it is kept, or undone by itself
	lost                   // the transaction is to be undone
	deposed                // this goroutine is the writer no longer
)

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

func newWriter(c *conn, m *mark, h heads) *writer {
	w := &writer{conn: c, mark: m, heads: h, kept: h, queue: newQueue(queueLimit), stopped: make(chan struct{})}
	w.watch.init(w, limit(m))
	go w.run(done)
	return w
}

// run is the writer's goroutine; o is what became of the batch before.
func (w *writer) run(o outcome) {
	for o != deposed {
		if o == lost {
			o = w.again()
		} else if len(w.alone) > 0 {
			o = w.next()
		} else if a := w.wait(); a != nil {
			o = w.batch(a)
		} else {
			close(w.stopped)
			return
		}
	}
}

// wait returns the next act, or nil when the queue is closed and empty.
func (w *writer) wait() *act {
	if a := w.queue.pop(); a != nil {
		return a
	}
	w.watch.rest()
	for {
		if a := w.queue.pop(); a != nil {
			return a
		}
		if w.queue.drained() {
			return nil
		}
		<-w.queue.wake
	}
}

// broken is why the engine closed itself, or nil.
func (w *writer) broken() error {
	if p := w.failed.Load(); p != nil {
		return *p
	}
	return nil
}

// batch runs a and whoever else waits in one transaction.
func (w *writer) batch(a *act) outcome {
	w.acts, w.way = append(w.acts[:0], a), together
	if w.wary > 0 {
		w.wary, w.way = w.wary-1, guarded
	}
	return w.attempt(true)
}

// again undoes a lost transaction and runs its acts once more: after an act that
// failed half-way with savepoints, otherwise each alone. Nobody was told anything.
func (w *writer) again() outcome {
	w.abandon()
	if err := w.broken(); err != nil {
		w.tell(err)
		return done
	}
	w.acts = slices.DeleteFunc(w.acts, func(a *act) bool {
		hopeless := a.hopeless()
		if hopeless {
			a.over <- a.err
		}
		return hopeless
	})
	if w.way == together && len(w.acts) > 0 {
		w.wary, w.way = waryActs, guarded
		return w.attempt(false)
	}
	if w.way == apart {
		w.tell(w.why)
		return done
	}
	w.alone = append(w.alone, w.acts...)
	w.acts = w.acts[:0]
	return done
}

// next runs the next act that is to be alone.
func (w *writer) next() outcome {
	w.acts, w.way = append(w.acts[:0], w.alone[0]), apart
	w.alone = slices.Delete(w.alone, 0, 1)
	return w.attempt(false)
}

// attempt runs w.acts, and if more may join those that wait, in one transaction.
func (w *writer) attempt(more bool) outcome {
	if err := w.begin(); err != nil {
		w.tell(err)
		return done
	}
	full := time.NewTimer(batchTime)
	defer full.Stop()
	for i := 0; i < len(w.acts); i++ {
		if o := w.step(i); o != done {
			return o
		}
		if more {
			if a := w.another(i+1, full.C); a != nil {
				w.acts = append(w.acts, a)
			}
		}
	}
	if more {
		w.last = len(w.acts)
	}
	if w.why = w.commit(); w.why != nil && w.broken() == nil {
		return lost
	}
	w.tell(w.why)
	return done
}

// another is the next act of a batch that has n already: whoever waits, or, when
// the last batch was larger, whoever comes within an instant. Callers of one
// batch tend to come back together.
func (w *writer) another(n int, full <-chan time.Time) *act {
	select {
	case <-full:
		return nil
	default:
	}
	if n >= batchActs {
		return nil
	}
	if a := w.others(n); a != nil || n >= w.last {
		return a
	}
	return w.gather()
}

// others is whoever waits, or asks once those who are ready to run have run: the more
// acts to a commit, the less each costs, up to a crowd. Where nobody is, that takes no
// time.
func (w *writer) others(n int) *act {
	for range 3 {
		if a := w.queue.pop(); a != nil || n >= crowd {
			return a
		}
		runtime.Gosched()
	}
	return w.queue.pop()
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

// step runs the act with this place in the batch.
func (w *writer) step(place int) outcome {
	a, before := w.acts[place], w.heads
	if w.way == guarded {
		if _, w.why = w.conn.exec("SAVEPOINT act", nil); w.why != nil {
			return lost
		}
	}
	w.watch.on(a)
	if !a.run(len(w.acts) == 1) {
		return deposed
	}
	if a.err == nil && w.way == guarded {
		_, a.err = w.conn.exec("RELEASE act", nil)
	}
	if a.err == nil {
		return done
	}
	w.heads, w.why = before, a.err
	return w.undo(a, place)
}

// undo undoes an act that failed, and nothing else, if that can be done.
func (w *writer) undo(a *act, place int) outcome {
	switch {
	case w.way == guarded:
		if _, err := w.conn.exec("ROLLBACK TO act", nil); err != nil {
			return lost // there is no such savepoint: the transaction is gone
		}
		if _, err := w.conn.exec("RELEASE act", nil); err != nil {
			return lost
		}
	case a.wrote == 0 && (a.fault == nil || refusal(a.fault)):
		// Nothing is to be undone.
	case place == 0 && w.way == together:
		w.abandon()
		if err := w.begin(); err != nil {
			return lost
		}
	default:
		return lost
	}
	return done
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

// tell tells every caller how its act ended: with err, or else its own error.
func (w *writer) tell(err error) {
	for i, a := range w.acts {
		w.acts[i] = nil
		if err != nil && !a.hopeless() {
			a.over <- err
			continue
		}
		a.over <- a.err
	}
	w.acts = w.acts[:0]
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
