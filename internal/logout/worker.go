package logout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

const (
	parallel  = 16               // deliveries under way at a time
	perAct    = 100              // participants that one act takes (TH-26)
	poll      = 5 * time.Second  // for due retries, and ends that nobody woke us for
	window    = time.Hour        // how far back an end is looked for at each poll
	wholeTurn = 15 * time.Minute // how often it is looked for as far back as there are rows
	lease     = time.Minute      // longer than an attempt and its bookkeeping
	grace     = 4 * time.Second  // for attempts under way when Run is told to stop
	keeping   = 5 * time.Second  // for writing down what became of one
)

// Sender makes one POST of a form (application/x-www-form-urlencoded) to a
// client's address and returns the status of the answer. It follows no redirects,
// reaches nothing private that was not allowed, gives up after a few seconds, and
// is safe for concurrent use.
type Sender interface {
	Post(ctx context.Context, url, form string) (status int, err error)
}

// Target is where a client wants to be told, and how its tokens are signed.
type Target struct {
	URL       string
	Algorithm jose.Algorithm
}

// Clients knows how to tell a client. ErrNobody when there is no way.
type Clients interface {
	Target(ctx context.Context, client string) (Target, error)
}

// Signer signs with the current token key of an algorithm.
type Signer interface {
	Sign(ctx context.Context, alg jose.Algorithm, typ string, payload []byte) (string, error)
}

// Options of a Worker. All are required.
type Options struct {
	Issuer  string
	Store   Store
	Clients Clients
	Signer  Signer
	Sender  Sender
	Steady  func() bool // whether Now can be trusted (TH-4): nothing is given up while it cannot
	Now     func() time.Time
	Log     *slog.Logger
}

// Worker tells clients. It is safe for concurrent use.
type Worker struct {
	o      Options
	wake   chan struct{}
	slots  chan struct{}
	whole  time.Time // when everything was looked at last; Run's own
	counts struct{ delivered, failed, dead atomic.Uint64 }
}

// New returns a Worker, which does nothing until Run.
func New(o Options) *Worker {
	return &Worker{o: o, wake: make(chan struct{}, 1), slots: make(chan struct{}, parallel)}
}

// Wake says that a session may have ended. It never waits.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Counts are attempts that this process made.
type Counts struct{ Delivered, Failed, Dead uint64 }

// Counts returns them; Failed are all that were not taken, Dead those that were
// the last.
func (w *Worker) Counts() Counts {
	return Counts{w.counts.delivered.Load(), w.counts.failed.Load(), w.counts.dead.Load()}
}

// Run harvests and delivers until ctx ends, then gives attempts under way a few
// seconds. What a killed process leaves behind is due again when its lease ends.
// It is called once.
func (w *Worker) Run(ctx context.Context) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var busy sync.WaitGroup
	for ctx.Err() == nil {
		if w.round(ctx, sending, &busy) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-time.After(poll):
		}
	}
	hurry := time.AfterFunc(grace, stop)
	defer hurry.Stop()
	busy.Wait()
	return ctx.Err()
}

// round turns what ended into deliveries and starts as many as there are free
// slots. It reports whether there may be more.
func (w *Worker) round(ctx, sending context.Context, busy *sync.WaitGroup) bool {
	ended := w.harvest(ctx)
	n := w.take(ctx)
	batch, err := w.o.Store.Claim(ctx, w.now(), lease, n)
	if err != nil && ctx.Err() == nil {
		w.o.Log.Error("the queue of logouts could not be read", "error", err)
	}
	for range n - len(batch) {
		<-w.slots
	}
	for _, d := range batch {
		busy.Go(func() {
			defer func() { <-w.slots }()
			w.deliver(sending, d)
		})
	}
	return ended == perAct || n > 0 && len(batch) == n
}

// harvest looks at what ended lately, and now and then at everything, for ends
// that a clock had put into another time.
func (w *Worker) harvest(ctx context.Context) int {
	now := w.now()
	since := now.Add(-window)
	if gone := now.Sub(w.whole); gone < 0 || gone >= wholeTurn {
		since = time.Time{}
	}
	n, err := w.o.Store.Harvest(ctx, since, now, perAct)
	switch {
	case err != nil && ctx.Err() == nil:
		w.o.Log.Error("ended sessions could not be looked at", "error", err)
	case err == nil && n < perAct && since.IsZero():
		w.whole = now
	}
	return n
}

// take waits for one slot and takes all that are free.
func (w *Worker) take(ctx context.Context) int {
	select {
	case <-ctx.Done():
		return 0
	case w.slots <- struct{}{}:
	}
	for n := 1; ; n++ {
		select {
		case w.slots <- struct{}{}:
		default:
			return n
		}
	}
}

// deliver makes one attempt and writes down what became of it.
func (w *Worker) deliver(ctx context.Context, d Delivery) {
	err := w.attempt(ctx, d)
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), keeping)
	defer cancel()
	if lost := w.settle(kept, d, err, ctx.Err() != nil); lost != nil { // the lease runs out, and it is sent again
		w.o.Log.Error("what became of a logout could not be written down", "logout", d.ID, "client", d.Client, "error", lost)
	}
}

func (w *Worker) settle(ctx context.Context, d Delivery, err error, stopping bool) error {
	now := w.now()
	if err == nil {
		w.counts.delivered.Add(1)
		return w.o.Store.Finish(ctx, d, Delivered, "", now, d.event(SentEvent, now))
	}
	if stopping { // not the client's fault
		return w.o.Store.Retry(ctx, d, now, "stopped")
	}
	w.counts.failed.Add(1)
	at, why := now.Add(wait(d.Attempts)), reason(err)
	if !errors.Is(err, ErrNobody) && (at.Sub(d.CreatedAt) <= patience || !w.o.Steady()) {
		w.o.Log.Info("a client was not told of a logout; later again", "logout", d.ID, "client", d.Client, "attempts", d.Attempts, "reason", why, "at", at)
		return w.o.Store.Retry(ctx, d, at, why)
	}
	w.counts.dead.Add(1)
	w.o.Log.Warn("a client will not be told of a logout", "logout", d.ID, "client", d.Client, "attempts", d.Attempts, "reason", why)
	return w.o.Store.Finish(ctx, d, Dead, why, now, d.event(FailedEvent, now).Failed(audit.Failure, "undeliverable").With("error", why))
}

func (w *Worker) attempt(ctx context.Context, d Delivery) error {
	to, err := w.o.Clients.Target(ctx, d.Client)
	if err != nil {
		return err
	}
	payload, err := d.payload(w.o.Issuer, w.now())
	if err != nil {
		return err
	}
	token, err := w.o.Signer.Sign(ctx, to.Algorithm, jwt.TypeLogout, payload)
	if err != nil {
		return err
	}
	status, err := w.o.Sender.Post(ctx, to.URL, url.Values{"logout_token": {token}}.Encode())
	if err == nil && status != 200 && status != 204 {
		err = fmt.Errorf("it answered %d", status)
	}
	return err
}

func (w *Worker) now() time.Time { return w.o.Now().UTC().Truncate(time.Microsecond) }

// event starts an event about the person whose session it was.
func (d *Delivery) event(n audit.Name, now time.Time) audit.Event {
	ev := audit.New(n, now, audit.Actor{Type: audit.ActorSystem}, audit.Source{}, d.User.String()).InSession(d.Session.String())
	ev.Client = d.Client
	return ev.With("logout", d.ID.String())
}
