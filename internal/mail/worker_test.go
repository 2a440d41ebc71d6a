package mail_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/mail"
)

// queue is a Store that keeps to the contract of the interface.
type queue struct {
	mu   sync.Mutex
	rows map[mail.ID]*row
}

type row struct {
	mail.Queued
	leased time.Time
	state  string // "", "sent", "dead"
	reason string
	times  []time.Time // of claims
}

func (q *queue) Withdraw(context.Context, mail.ID) error { panic("not asked for") }

func (q *queue) Enqueue(_ context.Context, m mail.Queued) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.rows == nil {
		q.rows = map[mail.ID]*row{}
	}
	q.rows[m.ID] = &row{Queued: m}
	return nil
}

func (q *queue) Claim(_ context.Context, now time.Time, lease time.Duration, limit int) ([]mail.Queued, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var due []*row
	for _, r := range q.rows {
		if r.state == "" && !r.NextAt.After(now) && !r.leased.After(now) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b *row) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	var out []mail.Queued
	for _, r := range due[:min(limit, len(due))] {
		r.leased, r.times = now.Add(lease), append(r.times, now)
		out = append(out, r.Queued)
	}
	return out, nil
}

func (q *queue) end(id mail.ID, change func(*row)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rows[id].leased = time.Time{}
	change(q.rows[id])
	return nil
}

func (q *queue) Sent(_ context.Context, id mail.ID, _ time.Time) error {
	return q.end(id, func(r *row) { r.state = "sent" })
}

func (q *queue) Retry(_ context.Context, id mail.ID, at time.Time, attempts int, reason string) error {
	return q.end(id, func(r *row) { r.NextAt, r.Attempts, r.reason = at, attempts, reason })
}

func (q *queue) Dead(_ context.Context, id mail.ID, _ time.Time, reason string) error {
	return q.end(id, func(r *row) { r.state, r.reason = "dead", reason })
}

func (q *queue) Depth(context.Context, time.Time) (mail.Depth, error) { return mail.Depth{}, nil }
func (q *queue) Sweep(context.Context, time.Time, int) (int, error)   { return 0, nil }
func (q *queue) get(id mail.ID) row                                   { q.mu.Lock(); defer q.mu.Unlock(); return *q.rows[id] }

type sendFunc func(context.Context, mail.Letter) error

func (f sendFunc) Send(ctx context.Context, l mail.Letter) error { return f(ctx, l) }

type keys struct{ all []keyring.SealedKey }

func (k *keys) DataKeys(context.Context) ([]keyring.SealedKey, error) { return k.all, nil }
func (k *keys) AddDataKey(_ context.Context, s keyring.SealedKey, _ string) ([]keyring.SealedKey, error) {
	k.all = append(k.all, s)
	return k.all, nil
}
func (k *keys) Rewrap(context.Context, keyring.SealedKey) error { return nil }

// office is an outbox with its worker, inside a synctest bubble.
type office struct {
	store  *queue
	outbox *mail.Outbox
	worker *mail.Worker
	log    *bytes.Buffer
}

func newOffice(t *testing.T, parallel int, send sendFunc) *office {
	t.Helper()
	ring, err := keyring.Load(t.Context(), &keys{}, keyring.Masters{Current: keyring.NewMaster()}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{store: &queue{}, outbox: mail.NewOutbox(renderer(t), ring, time.Now), log: &bytes.Buffer{}}
	o.worker = mail.NewWorker(o.store, ring, send, time.Now, slog.New(slog.NewJSONHandler(o.log, nil)), o.outbox.Woken(), parallel)
	return o
}

// run starts the worker and returns what stops it.
func (o *office) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- o.worker.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
	}
}

func (o *office) post(t *testing.T, m mail.Message) mail.ID {
	t.Helper()
	q, err := o.outbox.Queue(m)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(q.Sealed, []byte("492013")) || bytes.Contains(q.Sealed, []byte("ada@acme.org")) {
		t.Error("the payload is readable")
	}
	_ = o.store.Enqueue(t.Context(), q)
	o.outbox.Wake()
	return q.ID
}

// PW-30: mail leaves on its own, at once after the wake-up.
func TestWorkerSendsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := mail.NewMailbox()
		o := newOffice(t, 2, box.Send)
		defer o.run(t)()
		synctest.Wait()
		start := time.Now()
		var ids []mail.ID
		for range 7 {
			ids = append(ids, o.post(t, full(mail.Recover, "en")))
		}
		synctest.Wait()
		if !time.Now().Equal(start) || len(box.List()) != 7 {
			t.Fatalf("%d letters after %s", len(box.List()), time.Since(start))
		}
		for _, id := range ids {
			if r := o.store.get(id); r.state != "sent" || len(r.times) != 1 {
				t.Errorf("%s: %q after %d claims", id, r.state, len(r.times))
			}
		}
		if e := box.List()[0]; e.Code != "492013" || e.Link() != origin+"/verify?token=abc_DEF-123" || e.To != "ada@acme.org" {
			t.Errorf("entry = %+v", e)
		}
	})
}

func TestWorkerBacksOffThenGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, 1, func(context.Context, mail.Letter) error { return errors.New("mail: server on fire") })
		defer o.run(t)()
		id, start := o.post(t, full(mail.PasswordChanged, "en")), time.Now()
		time.Sleep(80 * time.Hour)
		synctest.Wait()
		r := o.store.get(id)
		if r.state != "dead" || r.reason != "server on fire" {
			t.Fatalf("%q because %q", r.state, r.reason)
		}
		last := r.times[len(r.times)-1].Sub(start)
		if last > 72*time.Hour || last < 60*time.Hour || len(r.times) < 20 || len(r.times) > 40 {
			t.Errorf("%d attempts, the last after %s", len(r.times), last)
		}
		if first := r.times[1].Sub(r.times[0]); first < 24*time.Second || first > 41*time.Second {
			t.Errorf("the first pause was %s", first)
		}
		if !strings.Contains(o.log.String(), id.String()) || strings.Contains(o.log.String(), "ada@acme.org") {
			t.Errorf("log: %s", o.log)
		}
	})
}

func TestWorkerRetriesThenDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []mail.ID
		o := newOffice(t, 1, func(_ context.Context, l mail.Letter) error {
			if got = append(got, l.ID); len(got) < 3 {
				return errors.New("busy")
			}
			return nil
		})
		defer o.run(t)()
		id := o.post(t, full(mail.Recover, "en"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if r := o.store.get(id); r.state != "sent" || r.Attempts != 2 || got[0] != id || got[2] != id {
			t.Errorf("%q after %d failures, ids %v", r.state, r.Attempts, got)
		}
	})
}

func TestWorkerNeverRetriesWhatIsPermanent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, 1, func(context.Context, mail.Letter) error { return fmt.Errorf("%w: no such mailbox", mail.ErrPermanent) })
		defer o.run(t)()
		id := o.post(t, full(mail.PasswordChanged, "en"))
		synctest.Wait()
		if r := o.store.get(id); r.state != "dead" || len(r.times) != 1 || !strings.Contains(r.reason, "no such mailbox") {
			t.Errorf("%+v", r)
		}
	})
}

// PW-37: a code that is over is not sent any more.
func TestWorkerDropsStaleCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		o := newOffice(t, 1, func(context.Context, mail.Letter) error { sent++; return nil })
		id := o.post(t, full(mail.Recover, "en"))
		time.Sleep(11 * time.Minute) // nobody was running
		stop := o.run(t)
		synctest.Wait()
		stop()
		if r := o.store.get(id); sent != 0 || r.state != "dead" {
			t.Errorf("%d sent, %q", sent, r.state)
		}
	})
}

func TestOneSlowRecipientHoldsOneSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, stuck := 0, make(chan struct{})
		var mu sync.Mutex
		o := newOffice(t, 2, func(_ context.Context, l mail.Letter) error {
			if l.To == "slow@acme.org" {
				<-stuck
			}
			mu.Lock()
			defer mu.Unlock()
			sent++
			return nil
		})
		defer o.run(t)()
		slow := full(mail.PasswordChanged, "en")
		slow.To = "slow@acme.org"
		o.post(t, slow)
		for range 9 {
			o.post(t, full(mail.PasswordChanged, "en"))
		}
		synctest.Wait()
		mu.Lock()
		if sent != 9 {
			t.Errorf("%d sent beside the slow one", sent)
		}
		mu.Unlock()
		close(stuck)
	})
}

// A killed worker's letters go again when the lease ends, under the same id.
func TestLeaseExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := mail.NewMailbox()
		o := newOffice(t, 1, box.Send)
		id := o.post(t, full(mail.Recover, "en"))
		if got, _ := o.store.Claim(t.Context(), time.Now(), 3*time.Minute, 10); len(got) != 1 {
			t.Fatal("not claimed")
		}
		defer o.run(t)()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(box.List()) != 0 {
			t.Error("sent in spite of the lease")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if r := o.store.get(id); r.state != "sent" || len(box.List()) != 1 {
			t.Errorf("%q, %d letters", r.state, len(box.List()))
		}
	})
}

func TestStoppingLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, 2, func(ctx context.Context, _ mail.Letter) error { <-ctx.Done(); return ctx.Err() })
		id := o.post(t, full(mail.PasswordChanged, "en"))
		stop := o.run(t)
		synctest.Wait()
		start := time.Now()
		stop()
		if d := time.Since(start); d > 9*time.Second {
			t.Errorf("stopping took %s", d)
		}
		if r := o.store.get(id); r.state != "" || r.Attempts != 0 || !r.leased.IsZero() {
			t.Errorf("%+v", r)
		}
	})
}

func TestUnreadablePayloadIsKeptForLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, 1, mail.NewMailbox().Send)
		id := o.post(t, full(mail.PasswordChanged, "en"))
		other := o.post(t, full(mail.PasswordChanged, "en"))
		o.store.rows[id].Sealed = o.store.rows[other].Sealed // a row's payload under another id
		stop := o.run(t)
		synctest.Wait()
		stop()
		if r := o.store.get(id); r.state != "" || r.Attempts != 1 {
			t.Errorf("%+v", r)
		}
	})
}
