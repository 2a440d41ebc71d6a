package egress

import (
	"sync"
	"time"
)

const (
	failuresToRest = 5
	firstRest      = 10 * time.Second
	longestRest    = 10 * time.Minute
	maxHosts       = 4096 // hosts with recent failures that are remembered
)

// breaker leaves hosts alone that keep failing. After a rest one request may
// try; its success ends the matter, its failure doubles the rest.
type breaker struct {
	now   func() time.Time
	mu    sync.Mutex
	hosts map[string]*health
}

type health struct {
	failures int
	rest     time.Duration
	until    time.Time
}

// admit returns how long host is still to be left alone.
func (b *breaker) admit(host string) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hosts[host]
	if h == nil || h.failures < failuresToRest {
		return 0
	}
	now := b.now()
	if wait := h.until.Sub(now); wait > 0 {
		return min(wait, longestRest)
	}
	h.until = now.Add(h.rest) // this request tries; the others wait for its outcome
	return 0
}

func (b *breaker) succeeded(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.hosts, host)
}

func (b *breaker) failed(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hosts[host]
	if h == nil {
		b.makeRoom()
		h = &health{}
		b.hosts[host] = h
	}
	h.failures++
	if h.failures < failuresToRest {
		return
	}
	h.rest = min(max(2*h.rest, firstRest), longestRest)
	h.until = b.now().Add(h.rest)
}

// makeRoom forgets some host when there are too many: at worst it is asked
// again too early.
func (b *breaker) makeRoom() {
	for host := range b.hosts {
		if len(b.hosts) < maxHosts {
			return
		}
		delete(b.hosts, host)
	}
}
