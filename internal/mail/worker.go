package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

const (
	patience  = 72 * time.Hour   // after this a letter is dead
	firstWait = 30 * time.Second // doubles with each attempt
	longest   = 4 * time.Hour
	poll      = 5 * time.Second // other replicas' mail and due retries
	sendLimit = time.Minute     // for one attempt
	lease     = 3 * time.Minute // longer than an attempt and its bookkeeping
	grace     = 8 * time.Second // for attempts under way when Run is told to stop
	keeping   = 5 * time.Second // for writing down what became of an attempt
)

// Worker sends what is in the outbox. Several replicas may run one each.
type Worker struct {
	store  Store
	sealer Sealer
	sender Sender
	now    func() time.Time
	log    *slog.Logger
	woken  <-chan struct{}
	slots  chan struct{}
}

// NewWorker returns a Worker that makes at most parallel attempts at a time
// (at least 1), so that one slow mail server holds up one slot and not all mail.
func NewWorker(st Store, s Sealer, to Sender, now func() time.Time, log *slog.Logger, woken <-chan struct{}, parallel int) *Worker {
	w := &Worker{store: st, sealer: s, sender: to, now: now, log: log, woken: woken, slots: make(chan struct{}, max(parallel, 1))}
	for range cap(w.slots) {
		w.slots <- struct{}{}
	}
	return w
}

// Run sends until ctx ends, then gives attempts under way 8 seconds to finish.
// What a killed process leaves behind becomes due again when its lease ends.
// It is called once.
func (w *Worker) Run(ctx context.Context) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var busy sync.WaitGroup
	for ctx.Err() == nil {
		more := w.round(ctx, sending, &busy)
		if more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.woken:
		case <-time.After(poll):
		}
	}
	hurry := time.AfterFunc(grace, stop)
	defer hurry.Stop()
	busy.Wait()
	return ctx.Err()
}

// round claims as many messages as there are free slots and starts sending
// them. It reports whether there may be more.
func (w *Worker) round(ctx, sending context.Context, busy *sync.WaitGroup) bool {
	n := w.take(ctx)
	if n == 0 {
		return false
	}
	batch, err := w.store.Claim(ctx, w.now(), lease, n)
	if err != nil && ctx.Err() == nil {
		w.log.Error("mail: cannot read the outbox", "error", err)
	}
	for range n - len(batch) {
		w.slots <- struct{}{}
	}
	for _, q := range batch {
		busy.Go(func() {
			defer func() { w.slots <- struct{}{} }()
			w.deliver(sending, q)
		})
	}
	return len(batch) == n
}

// take waits for one slot and takes all that are free.
func (w *Worker) take(ctx context.Context) int {
	select {
	case <-ctx.Done():
		return 0
	case <-w.slots:
	}
	for n := 1; ; n++ {
		select {
		case <-w.slots:
		default:
			return n
		}
	}
}

// deliver makes one attempt and writes down what became of it.
func (w *Worker) deliver(ctx context.Context, q Queued) {
	err := w.attempt(ctx, q)
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), keeping)
	defer cancel()
	log := w.log.With("message", q.ID.String(), "template", q.Template, "attempts", q.Attempts+1)
	now := w.now()
	var lost error
	switch {
	case err == nil:
		lost = w.store.Sent(kept, q.ID, now)
	case ctx.Err() != nil: // stopping: not the letter's fault
		lost = w.store.Retry(kept, q.ID, now, q.Attempts, "stopped")
	default:
		at := now.Add(wait(q.Attempts + 1))
		if errors.Is(err, ErrPermanent) || at.Sub(q.CreatedAt) > patience {
			log.Warn("mail: given up", "reason", reason(err))
			lost = w.store.Dead(kept, q.ID, now, reason(err))
			break
		}
		log.Info("mail: will try again", "reason", reason(err), "at", at)
		lost = w.store.Retry(kept, q.ID, at, q.Attempts+1, reason(err))
	}
	if lost != nil { // the lease runs out, and the letter goes again
		log.Error("mail: cannot write down what became of a letter", "error", lost)
	}
}

func (w *Worker) attempt(ctx context.Context, q Queued) error {
	l, err := open(w.sealer, q)
	if err != nil {
		return err
	}
	if !l.Expires.IsZero() && w.now().After(l.Expires) {
		return fmt.Errorf("%w: its code is no longer valid", ErrPermanent)
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	return w.sender.Send(ctx, l)
}

// wait is how long to leave a letter alone after so many attempts: doubling,
// at most four hours, give or take a fifth so that a returning server is not
// met by all at once.
func wait(attempts int) time.Duration {
	d := longest
	if attempts < 10 {
		d = min(firstWait<<(attempts-1), longest)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// reason is an error for the delivery log: one line of at most 300 characters.
func reason(err error) string {
	return line(strings.TrimPrefix(err.Error(), "mail: "), 300)
}
