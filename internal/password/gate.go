package password

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// GateOptions configure a Gate. Zero members take the defaults.
type GateOptions struct {
	Slots   int           // hashes at once; default max(1, cores − 1)
	Memory  int64         // bytes in use by hashes; default 256 MiB
	Queue   int           // waiters per class; default 128
	MaxWait time.Duration // default 2 s

	Now     func() time.Time // required
	Observe func(Outcome)    // optional; of an admitted one, called before its work in its place: what it takes, the slot is held
	// Idle, optional, runs in its own goroutine once the gate has been empty
	// for IdleAfter (default 1 s): the place to give memory back to the system.
	Idle      func()
	IdleAfter time.Duration
}

// Gate admits slow hashes: as many at once as there are slots and memory, the
// rest in bounded queues, in turns that no source can crowd (TH-32, PW-15).
// Known devices may use every slot and everyone else the other half, rounded up;
// where both wait, known devices get half of the work. It owns no goroutine.
type Gate struct {
	slots, others int // others: how many slots classes but KnownDevice may hold
	memory        int64
	queue         int
	maxWait       time.Duration
	now           func() time.Time
	observe       func(Outcome)
	idle          func()
	idleAfter     time.Duration

	mu         sync.Mutex
	used       int
	usedOthers int
	usedBytes  int64
	lines      [classes]line
	turn       float64       // virtual time: start of the last class served
	backlog    time.Duration // nominal time of all who wait
	sleep      *time.Timer
}

// NewGate returns a Gate.
func NewGate(o GateOptions) *Gate {
	g := &Gate{
		slots: o.Slots, memory: o.Memory, queue: o.Queue, maxWait: o.MaxWait,
		now: o.Now, observe: o.Observe, idle: o.Idle, idleAfter: o.IdleAfter,
	}
	if g.slots <= 0 {
		g.slots = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if g.memory <= 0 {
		g.memory = defaultBytes
	}
	if g.queue <= 0 {
		g.queue = 128
	}
	if g.maxWait <= 0 {
		g.maxWait = 2 * time.Second
	}
	if g.idleAfter <= 0 {
		g.idleAfter = time.Second
	}
	if g.observe == nil {
		g.observe = func(Outcome) {}
	}
	g.others = (g.slots + 1) / 2
	return g
}

// Do runs work when it is the ticket's turn, in the calling goroutine. It
// returns ErrBusy without running it when the queue is full or the wait too long,
// and ctx.Err() when ctx ends first. Work that has begun is not interrupted.
func (g *Gate) Do(ctx context.Context, t Ticket, c Cost, work func()) error {
	start := g.now()
	w, err := g.enter(ctx, t, c)
	if err == nil {
		err = g.wait(ctx, w)
	}
	g.observe(Outcome{t.Class, resultOf(err), g.now().Sub(start)})
	if err != nil {
		return err.error
	}
	defer g.leave(w)
	work()
	return nil
}

// refusal is an error with the reason to count it under.
type refusal struct {
	error
	result Result
}

func resultOf(r *refusal) Result {
	if r == nil {
		return Admitted
	}
	return r.result
}

// enter queues a waiter and starts whatever may start.
func (g *Gate) enter(ctx context.Context, t Ticket, c Cost) (*waiter, *refusal) {
	if err := ctx.Err(); err != nil {
		return nil, &refusal{err, Gone}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.Bytes > g.memory {
		return nil, &refusal{ErrCostly, Full}
	}
	w := &waiter{class: t.Class, cost: c, ready: make(chan struct{})}
	l := &g.lines[t.Class]
	if l.size == 0 {
		l.at = max(l.at, g.turn)
	}
	source := network(t.Source)
	if l.size >= g.queue && !g.displace(l, source) {
		return nil, g.busy(Full)
	}
	l.push(w, source)
	g.backlog += c.Time
	g.dispatch()
	return w, nil
}

// displace drops the newest waiter of the source that has most, if that leaves
// it with no fewer than the newcomer's source then has.
func (g *Gate) displace(l *line, source string) bool {
	worst := l.longest()
	if len(worst.waiters) <= l.waiting(source)+1 {
		return false
	}
	last := worst.waiters[len(worst.waiters)-1]
	g.remove(last)
	last.state = dropped
	close(last.ready)
	return true
}

// wait returns when w is admitted, dropped, late or its context ends.
func (g *Gate) wait(ctx context.Context, w *waiter) *refusal {
	if w.settled() {
		return g.settle(w)
	}
	late := time.NewTimer(g.maxWait)
	defer late.Stop()
	select {
	case <-w.ready:
		if err := ctx.Err(); err != nil {
			return g.abandon(w, func() *refusal { return &refusal{err, Gone} })
		}
		return g.settle(w)
	case <-ctx.Done():
		return g.abandon(w, func() *refusal { return &refusal{ctx.Err(), Gone} })
	case <-late.C:
		return g.abandon(w, func() *refusal { return g.busy(Late) })
	}
}

func (g *Gate) settle(w *waiter) *refusal {
	if w.state == admitted {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy(Full)
}

// abandon takes w out of the queue, or out of its slot if it just got one.
func (g *Gate) abandon(w *waiter, why func() *refusal) *refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch w.state {
	case waiting:
		g.remove(w)
		w.state = dropped
		g.dispatch() // a waiter too large for the memory left may have been in front
	case admitted:
		g.release(w)
	}
	return why()
}

// busy tells when to come back: after the present backlog, 1 to 30 seconds.
func (g *Gate) busy(r Result) *refusal {
	after := g.backlog / time.Duration(g.slots)
	after = min(max(after.Round(time.Second), time.Second), 30*time.Second)
	return &refusal{ErrBusy.After(after), r}
}

func (g *Gate) leave(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.release(w)
}

func (g *Gate) remove(w *waiter) {
	g.lines[w.class].remove(w)
	g.backlog -= w.cost.Time
}

// release frees w's slot. The idle timer is armed here and nowhere else.
func (g *Gate) release(w *waiter) {
	g.take(w, -1)
	g.dispatch()
	if g.used > 0 || g.idle == nil {
		return
	}
	if g.sleep == nil {
		g.sleep = time.AfterFunc(g.idleAfter, g.rest)
	} else {
		g.sleep.Reset(g.idleAfter)
	}
}

func (g *Gate) rest() {
	g.mu.Lock()
	busy := g.used > 0
	g.mu.Unlock()
	if !busy {
		g.idle()
	}
}

func (g *Gate) take(w *waiter, sign int) {
	g.used += sign
	g.usedBytes += int64(sign) * w.cost.Bytes
	if w.class != KnownDevice {
		g.usedOthers += sign
	}
}

// dispatch admits waiters while there is room. One that does not fit the memory
// left is waited for rather than overtaken, or it might wait for ever.
func (g *Gate) dispatch() {
	for g.used < g.slots {
		l := g.next()
		if l == nil {
			return
		}
		w := l.first()
		if g.usedBytes+w.cost.Bytes > g.memory {
			return
		}
		g.turn = l.at
		l.at += w.cost.weight() / weights[w.class]
		l.serve(w)
		g.backlog -= w.cost.Time
		g.take(w, +1)
		if g.sleep != nil {
			g.sleep.Stop()
		}
		w.state = admitted
		close(w.ready)
	}
}

// next is the line whose turn it is among those that may have a slot.
func (g *Gate) next() *line {
	var best *line
	for c := range g.lines {
		l := &g.lines[c]
		if l.size == 0 || Class(c) != KnownDevice && g.usedOthers >= g.others {
			continue
		}
		if best == nil || l.at < best.at {
			best = l
		}
	}
	return best
}
