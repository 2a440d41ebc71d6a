package publish

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
)

const (
	// tailMost is how many entries are kept in memory for those who follow.
	tailMost = 20_000
	// viewsMost is how many audiences have a masked tail at once.
	viewsMost = 500
	// snapshotsMost is how many snapshots are read at once.
	snapshotsMost = 4
)

// Store is what the publisher reads of revocation.Store.
type Store interface {
	Head(ctx context.Context) (number int64, epoch string, err error)
	Since(ctx context.Context, number int64, limit int) ([]revocation.Entry, error)
	Swept(ctx context.Context) (int64, error)
	Snapshot(ctx context.Context, now time.Time, fn func(number int64, epoch string, page []revocation.Entry) error) error
	Rewound(ctx context.Context, old, fresh string, now time.Time) error
}

// Sign makes a compact token of this typ with the feed's current key, which signs
// nothing else (TH-19).
type Sign func(ctx context.Context, typ string, payload []byte) (string, error)

// Keys is what is needed of keyring.Keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Options configure a Publisher. All are required.
type Options struct {
	Issuer string
	Store  Store
	Sign   Sign
	Keys   Keys
	Now    func() time.Time // with monotonic readings
	Wake   func()           // asks this process's follower for a poll
	Log    *slog.Logger
}

// Publisher answers polls. It listens to the process's revocation.Follower and is
// safe for concurrent use.
type Publisher struct {
	o         Options
	snapshots chan struct{} // a slot for each being read
	counts    counts

	mu    sync.Mutex
	now   moment
	base  int64 // tail holds what is numbered in (base, now.head]
	tail  []revocation.Entry
	views map[string]*view // by audience
	moved chan struct{}    // closed when now changes
}

// moment is what this process knows of the store.
type moment struct {
	epoch string // empty before the first poll
	head  int64
	sent  time.Time // of the poll that found head
}

// New makes a Publisher that answers once it has been told of a first poll.
func New(o Options) *Publisher {
	return &Publisher{
		o: o, snapshots: make(chan struct{}, snapshotsMost),
		views: map[string]*view{}, moved: make(chan struct{}),
	}
}

// Begin implements revocation.Listener.
func (p *Publisher) Begin(epoch string, number int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.epoch, p.now.head, p.base = epoch, number, number
	p.tail = nil
	clear(p.views)
	p.announce()
}

// Take implements revocation.Listener.
func (p *Publisher) Take(entries []revocation.Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tail = append(p.tail, entries...)
	p.now.head = entries[len(entries)-1].Number
	if len(p.tail) > 2*tailMost {
		cut := len(p.tail) - tailMost
		p.base = p.tail[cut-1].Number
		p.tail = append([]revocation.Entry(nil), p.tail[cut:]...)
		clear(p.views)
	}
	p.announce()
}

// Current implements revocation.Listener.
func (p *Publisher) Current(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.sent = sent
	p.announce()
}

// announce wakes whoever waits. p.mu is held.
func (p *Publisher) announce() {
	close(p.moved)
	p.moved = make(chan struct{})
}

// current waits until this process has asked the primary after since, and
// returns what it found: only that answers a question asked at since (TH-14).
func (p *Publisher) current(ctx context.Context, since time.Time) (moment, error) {
	for woken := false; ; {
		p.mu.Lock()
		now, moved := p.now, p.moved
		p.mu.Unlock()
		if now.epoch != "" && now.sent.After(since) {
			return now, nil
		}
		if !woken {
			p.o.Wake()
			woken = true
		}
		select {
		case <-ctx.Done():
			return moment{}, ErrBusy.Because(ctx.Err())
		case <-moved:
		}
	}
}
