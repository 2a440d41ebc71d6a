package password

import (
	"net/netip"
	"slices"
)

// waiter is one request in a line or in a slot. The gate's lock guards state
// until ready is closed.
type waiter struct {
	class Class
	cost  Cost
	lane  *lane
	state state
	ready chan struct{} // closed when admitted or dropped by others
}

type state uint8

const (
	waiting state = iota
	admitted
	dropped
)

func (w *waiter) settled() bool {
	select {
	case <-w.ready:
		return true
	default:
		return false
	}
}

// line holds the waiters of one class, in one lane per source. Lanes are served
// by start-time fair queueing: the one that has had the least goes first.
type line struct {
	lanes map[string]*lane
	size  int
	at    float64 // virtual time of the line among the classes
	turn  float64 // virtual time within: start of the last lane served
	seq   uint64
}

type lane struct {
	source  string
	waiters []*waiter
	at      float64
	seq     uint64 // order of arrival, between lanes that have had the same
}

func (l *line) push(w *waiter, source string) {
	la := l.lanes[source]
	if la == nil {
		if l.lanes == nil {
			l.lanes = make(map[string]*lane)
		}
		l.seq++
		la = &lane{source: source, at: l.turn, seq: l.seq}
		l.lanes[source] = la
	}
	w.lane = la
	la.waiters = append(la.waiters, w)
	l.size++
}

// first is the waiter whose turn it is; the line must not be empty. Lanes are at
// most as many as the queue is long, so looking at each is cheap beside a hash.
func (l *line) first() *waiter {
	var best *lane
	for _, la := range l.lanes {
		if best == nil || la.at < best.at || la.at == best.at && la.seq < best.seq {
			best = la
		}
	}
	return best.waiters[0]
}

// serve takes w, which first returned, out of the line and charges its lane.
func (l *line) serve(w *waiter) {
	la := w.lane
	l.turn = la.at
	la.at += w.cost.weight()
	l.seq++
	la.seq = l.seq
	l.remove(w)
}

func (l *line) remove(w *waiter) {
	la := w.lane
	i := slices.Index(la.waiters, w)
	la.waiters = slices.Delete(la.waiters, i, i+1)
	l.size--
	if len(la.waiters) == 0 {
		delete(l.lanes, la.source)
	}
}

func (l *line) longest() *lane {
	var worst *lane
	for _, la := range l.lanes {
		if worst == nil || len(la.waiters) > len(worst.waiters) || len(la.waiters) == len(worst.waiters) && la.seq > worst.seq {
			worst = la
		}
	}
	return worst
}

func (l *line) waiting(source string) int {
	if la := l.lanes[source]; la != nil {
		return len(la.waiters)
	}
	return 0
}

// network is the unit that takes turns: what one attacker easily has many
// addresses of. Text that is no address is a source of its own.
func network(source string) string {
	a, err := netip.ParseAddr(source)
	if err != nil {
		return source
	}
	bits := 24
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return source
	}
	return p.String()
}
