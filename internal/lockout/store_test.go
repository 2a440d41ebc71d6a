package lockout_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// kept is what outlives the process: counts and events, as an engine keeps them.
type kept struct {
	mu     sync.Mutex
	counts map[user.ID]lockout.Count
	events []audit.Event
	down   error
}

func newKept() *kept { return &kept{counts: make(map[user.ID]lockout.Count)} }

func (k *kept) Load(_ context.Context, id user.ID) (lockout.Count, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.counts[id], k.down
}

func (k *kept) Fail(ctx context.Context, id user.ID, at time.Time, ev audit.Event) (lockout.Count, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := errors.Join(ctx.Err(), k.down); err != nil {
		return lockout.Count{}, err
	}
	c := lockout.Count{Failures: k.counts[id].Failures + 1, Last: at}
	k.counts[id] = c
	k.events = append(k.events, ev)
	return c, nil
}

func (k *kept) Clear(_ context.Context, id user.ID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.counts, id)
	return k.down
}

func (k *kept) record(_ context.Context, ev audit.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, ev)
	return k.down
}

func (k *kept) failures(id user.ID) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.counts[id].Failures
}

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is one replica with its storage and clock.
type world struct {
	*lockout.Guard
	kept  *kept
	clock *clock
	ada   user.ID
}

func newWorld() *world {
	k, c := newKept(), newClock()
	return &world{Guard: lockout.New(k, k.record, c.now), kept: k, clock: c, ada: user.NewID(c.now())}
}

var wrong = audit.Event{Name: "login.failed", Outcome: audit.Failure}

// guess makes one wrong guess and returns what stopped it, if anything did.
func guess(g *lockout.Guard, a lockout.Attempt) error {
	r, err := g.Reserve(context.Background(), a)
	if err != nil {
		return err
	}
	defer r.Release()
	if r.NeedsCode() {
		return lockout.ErrCodeNeeded
	}
	return r.Fail(context.Background(), wrong)
}

// TH-33 PW-21: a key of the account's own needs no look at the count before it is
// settled, and hears of it then; a wrong one is counted like any other.
func TestOwnKey(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.kept.counts[w.ada] = lockout.Count{Failures: lockout.CodeAfter + 7}
	own := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "s", Code: true, Own: true}
	r, err := w.Reserve(t.Context(), own)
	if err != nil || r.NeedsCode() || r.After() != 0 {
		t.Fatal(err, "or a code, or", r.After())
	}
	if err := r.Fail(t.Context(), wrong); err != nil || r.After() != lockout.CodeAfter+7 {
		t.Fatalf("wrong: %v, after %d", err, r.After())
	}
	if r, err = w.Reserve(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may run again
		w.kept.counts[w.ada] = lockout.Count{Failures: lockout.CodeAfter + 8}
		if err := r.Confirm(t.Context(), w.kept); err != nil || r.After() != lockout.CodeAfter+8 {
			t.Fatalf("right: %v, after %d", err, r.After())
		}
	}
	r.Done()
	if n := w.kept.failures(w.ada); n != 0 {
		t.Errorf("%d failures are left", n)
	}
}

// enter signs in with the right password.
func enter(g *lockout.Guard, s lockout.Store, a lockout.Attempt) error {
	r, err := g.Reserve(context.Background(), a)
	if err != nil {
		return err
	}
	defer r.Release()
	if r.NeedsCode() {
		return lockout.ErrCodeNeeded
	}
	if err := r.Confirm(context.Background(), s); err != nil {
		return err
	}
	r.Done()
	return nil
}

func waitOf(t testing.TB, err error) time.Duration {
	t.Helper()
	if err == nil {
		return 0
	}
	if !errors.Is(err, lockout.ErrWait) {
		t.Fatalf("not a wait: %v", err)
	}
	return problem.Of(err).RetryAfter
}

func retry(err error) time.Duration {
	if err == nil {
		return 0
	}
	return problem.Of(err).RetryAfter
}
