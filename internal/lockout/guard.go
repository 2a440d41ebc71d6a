package lockout

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// How many are remembered: 3 MB when all of it is in use.
const (
	subjectMarks = 1 << 15
	pairMarks    = 1 << 16
	deviceMarks  = 1 << 14
)

// Record writes an event that belongs to no account's count.
type Record func(ctx context.Context, ev audit.Event) error

// Guard reserves guesses. It is safe for concurrent use; its memory is bounded
// but for one counter per account with guesses in flight.
type Guard struct {
	store  Store
	record Record
	now    func() time.Time
	start  time.Time
	seed   maphash.Seed

	mu       sync.Mutex
	subjects marks
	pairs    marks
	devices  marks
	inFlight map[user.ID]int
}

// New makes a guard. Waits follow the monotonic reading of now's times where
// they have one (TH-4).
func New(store Store, record Record, now func() time.Time) *Guard {
	return &Guard{
		store: store, record: record, now: now, start: now(), seed: maphash.MakeSeed(),
		subjects: newMarks(subjectMarks), pairs: newMarks(pairMarks), devices: newMarks(deviceMarks),
		inFlight: make(map[user.ID]int),
	}
}

// Reserve counts a guess before it is judged. It refuses with ErrWait, which
// costs no I/O, and fails when the store does; then nothing is counted.
// Whoever gets a Reservation settles it, and defers Release for the paths that
// do not.
func (g *Guard) Reserve(ctx context.Context, a Attempt) (*Reservation, error) {
	r, wait := g.admit(a)
	if wait > 0 {
		return nil, ErrWait.After(wait)
	}
	if a.Code && a.Own { // nothing depends on the count before Confirm
		return r, nil
	}
	asked := a.Subject.account
	if !a.Subject.Known() {
		asked = ghost(r.tags.subject)
	}
	count, err := g.store.Load(ctx, asked)
	if err != nil {
		r.Release()
		return nil, fmt.Errorf("lockout: load count: %w", err)
	}
	if a.Subject.Known() {
		r.failed = count.Failures
	}
	return r, nil
}

// admit decides by memory alone and reserves, in one step.
func (g *Guard) admit(a Attempt) (*Reservation, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.since()
	r := &Reservation{guard: g, attempt: a, tags: tagsOf(g.seed, a)}
	r.pass = a.Code || g.trusted(a, r.tags)
	if wait := g.wait(r, now); wait > 0 {
		return nil, wait
	}
	g.reserve(r, now)
	return r, 0
}

// trusted reports whether a comes from a known device in good standing.
func (g *Guard) trusted(a Attempt, t tags) bool {
	return a.Device != "" && a.Subject.Known() && g.devices.get(t.device).failures < DeviceFailures
}

// wait returns how long r's source has to wait. A source that is new to a
// subject under attack is given its own appointment, which nobody can take.
func (g *Guard) wait(r *Reservation, now time.Duration) time.Duration {
	if r.pass {
		return 0
	}
	pair := g.pairs.get(r.tags.pair)
	if remembered(pair, now) {
		return max(pair.at-now, 0)
	}
	delay := g.accountDelay(r.tags.subject, now)
	if delay > 0 {
		g.pairs.put(mark{tag: r.tags.pair, at: now + delay})
	}
	return delay
}

// remembered reports whether a pair's wait is still to be kept or recently over.
// A wait longer than any is left by a clock that went back, and void (TH-4).
func remembered(pair mark, now time.Duration) bool {
	return pair.at > 0 && now-pair.at <= memory && pair.at-now <= LongestPairDelay
}

// accountDelay is what the recent failures of a subject ask of each stranger.
func (g *Guard) accountDelay(subject uint64, now time.Duration) time.Duration {
	m := g.subjects.get(subject)
	if now-m.at > calm {
		return 0
	}
	return accountDelay(m.failures)
}

// reserve counts the guess as failed until it is settled.
func (g *Guard) reserve(r *Reservation, now time.Duration) {
	subject := g.subjects.get(r.tags.subject)
	r.before = int(subject.failures)
	if r.attempt.Subject.Known() {
		// Taken before the count is loaded: a guess that is settled in between
		// is counted twice for this decision, never not at all.
		r.before = g.inFlight[r.attempt.Subject.account]
		g.inFlight[r.attempt.Subject.account]++
	}
	subject.failures, subject.at = subject.failures+1, now
	g.subjects.put(subject)
	if r.attempt.Device != "" && r.pass && !r.attempt.Code {
		device := g.devices.get(r.tags.device)
		device.failures, device.at = device.failures+1, now
		g.devices.put(device)
		return
	}
	g.reservePair(r, now)
}

func (g *Guard) reservePair(r *Reservation, now time.Duration) {
	pair := g.pairs.get(r.tags.pair)
	if !remembered(pair, now) {
		pair = mark{tag: r.tags.pair}
	}
	r.until = pair.at
	pair.failures++
	pair.at = max(now+max(pairDelay(pair.failures), g.accountDelay(r.tags.subject, now)), 1)
	g.pairs.put(pair)
}

// Forget drops what memory holds against an attempt whose sign-in is complete
// and committed. The waits of other sources stay.
func (g *Guard) Forget(a Attempt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := tagsOf(g.seed, a)
	g.subjects.drop(t.subject)
	g.pairs.drop(t.pair)
	g.devices.drop(t.device)
}

// since is the time on the guard's own clock; it starts at a second, so that
// zero means never.
func (g *Guard) since() time.Duration { return g.now().Sub(g.start) + time.Second }
