package lockout

import (
	"context"
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// settleWithin bounds the write of a failure whose client has gone.
const settleWithin = 10 * time.Second

// Reservation is one guess that counts as failed until it is settled, once. It
// belongs to one goroutine.
type Reservation struct {
	guard   *Guard
	attempt Attempt
	tags    tags
	pass    bool          // known device or mailed code: neither waits nor needs a code
	before  int           // guesses in flight before this one; of an unknown subject, its failures
	failed  int           // failures in a row before it that the store has
	second  bool          // see Second
	until   time.Duration // the pair's wait before this guess
	settled bool
}

// After reports how many failures in a row came before this guess; of a key of the
// account's own, since it was confirmed or failed.
func (r *Reservation) After() int { return r.before + r.failed }

// Second reports whether wrong second factors were counted when this guess was
// confirmed.
func (r *Reservation) Second() bool { return r.second }

// NeedsCode reports that this guess must not be judged before a mailed code was
// presented: release the reservation and ask for the code, whatever was typed.
func (r *Reservation) NeedsCode() bool { return !r.pass && r.After() >= CodeAfter }

// Fail makes the failure durable together with ev, even when the client is gone:
// hanging up does not take a guess back. ErrCodeNeeded means that the count was
// reached elsewhere meanwhile and the result must not be shown.
func (r *Reservation) Fail(ctx context.Context, ev audit.Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	defer r.settle()
	if !r.attempt.Subject.Known() {
		return r.failUnknown(ctx, ev)
	}
	count, err := r.guard.store.Fail(ctx, r.attempt.Subject.account, r.at(), ev)
	if err != nil {
		return fmt.Errorf("lockout: count failure: %w", err)
	}
	if r.attempt.Own {
		r.failed = count.Failures - 1
	}
	if count.Failures == CodeAfter {
		if err := r.recordLocked(ctx, ev); err != nil {
			return err
		}
	}
	if !r.pass && count.Failures > CodeAfter {
		return ErrCodeNeeded
	}
	return nil
}

func (r *Reservation) failUnknown(ctx context.Context, ev audit.Event) error {
	if err := r.guard.record(ctx, ev); err != nil {
		return fmt.Errorf("lockout: record failure: %w", err)
	}
	if r.NeedsCode() {
		return ErrCodeNeeded
	}
	return nil
}

func (r *Reservation) recordLocked(ctx context.Context, cause audit.Event) error {
	by := audit.Actor{Type: audit.ActorSystem}
	ev := audit.New(Locked, r.at(), by, cause.Source, r.attempt.Subject.account.String())
	if err := r.guard.record(ctx, ev); err != nil {
		return fmt.Errorf("lockout: record lock: %w", err)
	}
	return nil
}

// Confirm is called inside the transaction of the session that this guess
// completes, with that transaction's store. It clears the durable count, or
// refuses with ErrCodeNeeded when others used up the last guesses meanwhile;
// then the right password is not to be revealed. It may run again.
func (r *Reservation) Confirm(ctx context.Context, tx Store) error {
	count, err := tx.Load(ctx, r.attempt.Subject.account)
	if err != nil {
		return fmt.Errorf("lockout: load count: %w", err)
	}
	if !r.pass && count.Failures >= CodeAfter {
		return ErrCodeNeeded
	}
	if r.attempt.Own {
		r.failed = count.Failures
	}
	r.second = count.Second
	if count.Failures == 0 {
		return nil
	}
	if err := tx.Clear(ctx, r.attempt.Subject.account); err != nil {
		return fmt.Errorf("lockout: clear count: %w", err)
	}
	return nil
}

// Done settles a guess whose session is committed.
func (r *Reservation) Done() {
	if r.settled {
		return
	}
	r.settle()
	r.guard.Forget(r.attempt)
}

// Release takes back a guess that was never judged. On a settled reservation
// it does nothing, so it can be deferred.
func (r *Reservation) Release() {
	if r.settled {
		return
	}
	r.settle()
	g := r.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.subjects.find(r.tags.subject); p != nil && p.failures > 0 {
		p.failures--
	}
	if r.attempt.Device != "" && r.pass && !r.attempt.Code {
		if p := g.devices.find(r.tags.device); p != nil && p.failures > 0 {
			p.failures--
		}
		return
	}
	if p := g.pairs.find(r.tags.pair); p != nil && p.failures > 0 {
		p.failures--
		p.at = r.until
	}
}

// settle ends the time in flight; the marks stay.
func (r *Reservation) settle() {
	again := r.settled
	r.settled = true
	if again || !r.attempt.Subject.Known() {
		return
	}
	g := r.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	id := r.attempt.Subject.account
	if g.inFlight[id]--; g.inFlight[id] <= 0 {
		delete(g.inFlight, id)
	}
}

func (r *Reservation) at() time.Time { return r.guard.now().UTC().Truncate(time.Microsecond) }
