package sqlite

import (
	"errors"
	"sync"
)

// queue holds the acts that wait for the writer. Sources take turns, whatever
// they have waiting (TH-26); within one source the order is that of arrival.
type queue struct {
	mu      sync.Mutex
	lines   map[string]*line
	turns   []*line // those with acts, in order of their turn
	waiting int
	limit   int
	closed  bool
	wake    chan struct{} // holds a token after a push or close
}

type line struct {
	source string
	acts   []*act
}

func newQueue(limit int) *queue {
	return &queue{lines: make(map[string]*line), limit: limit, wake: make(chan struct{}, 1)}
}

var errQueueFull = errors.New("sqlite: too many acts are waiting")

// push adds a. When the queue is full, the longest line gives way to a shorter
// one and loses its newest act; otherwise a itself is refused.
func (q *queue) push(a *act, source string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return unavailable(errClosed)
	}
	l := q.lines[source]
	if q.waiting >= q.limit && !q.displace(l) {
		return unavailable(errQueueFull)
	}
	if l == nil {
		l = &line{source: source}
		q.lines[source] = l
		q.turns = append(q.turns, l)
	}
	l.acts = append(l.acts, a)
	q.waiting++
	q.signal()
	return nil
}

// displace makes room for one act of l, if some line is longer than l will be.
func (q *queue) displace(l *line) bool {
	longest := q.turns[0]
	for _, other := range q.turns[1:] {
		if len(other.acts) > len(longest.acts) {
			longest = other
		}
	}
	own := 0
	if l != nil {
		own = len(l.acts)
	}
	last := len(longest.acts) - 1
	if last <= own {
		return false
	}
	a := longest.acts[last]
	longest.acts[last] = nil
	longest.acts = longest.acts[:last]
	q.waiting--
	if a.state.CompareAndSwap(waiting, called) {
		a.over <- unavailable(errQueueFull)
	}
	return true
}

// pop takes the next act whose caller still waits, or nil.
func (q *queue) pop() *act {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.turns) > 0 {
		l := q.turns[0]
		a := l.acts[0]
		l.acts[0] = nil
		l.acts = l.acts[1:]
		q.waiting--
		copy(q.turns, q.turns[1:])
		if last := len(q.turns) - 1; len(l.acts) > 0 {
			q.turns[last] = l
		} else {
			q.turns[last] = nil
			q.turns = q.turns[:last]
			delete(q.lines, l.source)
		}
		if a.state.CompareAndSwap(waiting, called) {
			return a
		}
	}
	return nil
}

// close refuses further acts; those waiting are still served.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) drained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && q.waiting == 0
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting == 0
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
