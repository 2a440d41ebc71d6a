package sqlite

import (
	"sync/atomic"
	"time"
)

// watch cuts off acts that hold the writer up. It looks a few times within the
// limit at the act being run, so that acts themselves do not pay for a timer. A
// closure cannot be stopped: whoever cuts an act off leaves the goroutine to it
// and becomes the writer.
type watch struct {
	w     *writer
	every time.Duration
	timer *time.Timer
	awake atomic.Bool
	act   atomic.Pointer[act] // being run, or run last
}

const looks = 5 // within the limit

// limit is how long an act may take. Where nothing is kept for good, hundreds of
// instances may share two cores, and nobody is kept waiting by a stranger.
func limit(m *mark) time.Duration {
	if m.volatile {
		return 600 * actLimit
	}
	return actLimit
}

func (o *watch) init(w *writer, limit time.Duration) {
	o.w, o.every = w, limit/looks
	o.timer = time.AfterFunc(time.Hour, o.tick)
	o.timer.Stop()
}

// on looks at a from now on.
func (o *watch) on(a *act) {
	o.act.Store(a)
	if !o.awake.Load() {
		o.awake.Store(true)
		o.timer.Reset(o.every)
	}
}

// rest looks at nothing until the next act.
func (o *watch) rest() {
	o.act.Store(nil)
	o.awake.Store(false)
}

func (o *watch) tick() {
	if o.awake.Load() {
		o.timer.Reset(o.every)
	}
	if a := o.act.Load(); a != nil && a.overdue(o.w.queue) {
		o.w.run(lost)
	}
}
