package logout_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/user"
)

const issuer = "https://id.example.test"

// queue is a store in memory with the conditions of the real one, which storetest
// proves there.
type queue struct {
	logout.Store
	mu     sync.Mutex
	rows   map[logout.ID]logout.Delivery
	ended  []logout.Delivery
	sinces []time.Time
	events []string
}

func (q *queue) end(client string) logout.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := logout.Delivery{ID: logout.NewID(time.Now()), Session: logout.SessionID{1}, Client: client, User: user.ID{2}, Subject: "pairwise", CreatedAt: time.Now()}
	q.ended = append(q.ended, d)
	return d
}

func (q *queue) Harvest(_ context.Context, since, now time.Time, limit int) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sinces = append(q.sinces, since)
	n := min(limit, len(q.ended))
	for _, d := range q.ended[:n] {
		d.NextAt = now
		q.rows[d.ID] = d
	}
	q.ended = q.ended[n:]
	return n, nil
}

func (q *queue) Claim(_ context.Context, now time.Time, lease time.Duration, limit int) (out []logout.Delivery, _ error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, d := range q.rows {
		if len(out) < limit && d.Outcome == "" && !d.NextAt.After(now) {
			d.Attempts++
			d.NextAt = now.Add(lease)
			q.rows[id] = d
			out = append(out, d)
		}
	}
	return out, nil
}

func (q *queue) change(d logout.Delivery, fn func(*logout.Delivery)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	row := q.rows[d.ID]
	if row.Attempts != d.Attempts || row.Outcome != "" {
		return logout.ErrLost
	}
	fn(&row)
	q.rows[d.ID] = row
	return nil
}

func (q *queue) Finish(_ context.Context, d logout.Delivery, o logout.Outcome, reason string, now time.Time, ev audit.Event) error {
	return q.change(d, func(row *logout.Delivery) {
		row.Outcome, row.Reason, row.FinishedAt = o, reason, now
		q.events = append(q.events, ev.Name)
	})
}

func (q *queue) Retry(_ context.Context, d logout.Delivery, at time.Time, reason string) error {
	return q.change(d, func(row *logout.Delivery) { row.NextAt, row.Reason = at, reason })
}

func (q *queue) row(id logout.ID) logout.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rows[id]
}

// party is a relying party, the address book and the signer at once.
type party struct {
	mu     sync.Mutex
	key    jose.PrivateKey
	posts  []string // logout tokens
	answer func(n int) (int, error)
}

func (p *party) Target(_ context.Context, client string) (logout.Target, error) {
	if client == "gone" {
		return logout.Target{}, logout.ErrNobody
	}
	return logout.Target{URL: "https://rp.example.test/" + client, Algorithm: jose.EdDSA}, nil
}

func (p *party) Sign(_ context.Context, alg jose.Algorithm, typ string, payload []byte) (string, error) {
	if alg != jose.EdDSA {
		return "", errors.New("another algorithm")
	}
	return p.key.Sign(typ, payload)
}

func (p *party) Post(ctx context.Context, to, form string) (int, error) {
	values, err := url.ParseQuery(form)
	if err != nil || len(values) != 1 || !strings.HasPrefix(to, "https://rp.example.test/") {
		return 400, err
	}
	p.mu.Lock()
	p.posts = append(p.posts, values.Get("logout_token"))
	n := len(p.posts)
	p.mu.Unlock()
	if p.answer == nil {
		return 200, nil
	}
	return p.answer(n)
}

func (p *party) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.posts)
}

// start runs a worker in a bubble of its own time.
func start(t *testing.T, q *queue, p *party) (*logout.Worker, func() error) {
	t.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	p.key, q.rows = key, map[logout.ID]logout.Delivery{}
	w := logout.New(logout.Options{
		Issuer: issuer, Store: q, Clients: p, Signer: p, Sender: p, Steady: func() bool { return true }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	synctest.Wait()
	return w, func() error { cancel(); return <-done }
}

// OA-99 JW-23: what a logout token says, and that it says no nonce.
func TestToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &party{}
		w, stop := start(t, q, p)
		d := q.end("web")
		w.Wake()
		synctest.Wait()
		got := p.got()
		if len(got) != 1 {
			t.Fatalf("%d posts", len(got))
		}
		payload, _, err := jose.VerifyText(got[0], "logout+jwt", jose.NewKeySet(p.key.Public()))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().Unix()
		want := `{"iss":"` + issuer + `","sub":"pairwise","aud":"web","iat":` + itoa(now) + `,"exp":` + itoa(now+120) + `,"jti":"` + d.ID.String() +
			`","sid":"` + d.Session.String() + `","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}`
		if diff := cmp.Diff(want, payload); diff != "" {
			t.Error(diff)
		}
		if row := q.row(d.ID); row.Outcome != logout.Delivered || w.Counts() != (logout.Counts{Delivered: 1}) {
			t.Errorf("%+v, %+v", row, w.Counts())
		}
		if diff := cmp.Diff([]string{"logout.backchannel_sent"}, q.events); diff != "" {
			t.Error(diff)
		}
		_ = stop()
	})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// OA-99: an answer that is neither 200 nor 204 is tried again, later and later,
// with the same jti and a new token; after a day it is given up, and said so.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		q, p := &queue{}, &party{}
		p.answer = func(n int) (int, error) {
			at = append(at, time.Since(began))
			if n%2 == 0 {
				return 0, errors.New("no  answer\nin time")
			}
			return []int{500, 302, 400, 201}[n/2%4], nil
		}
		w, stop := start(t, q, p)
		d := q.end("web")
		w.Wake()
		time.Sleep(26 * time.Hour)
		synctest.Wait()
		row, posts := q.row(d.ID), p.got()
		if row.Outcome != logout.Dead || row.FinishedAt.Sub(began) < 22*time.Hour || row.FinishedAt.Sub(began) > 24*time.Hour {
			t.Errorf("%+v after %v", row, row.FinishedAt.Sub(began))
		}
		if len(posts) != row.Attempts || len(posts) < 25 || len(posts) > 50 {
			t.Errorf("%d posts, %d attempts", len(posts), row.Attempts)
		}
		for i := 2; i < len(at); i++ {
			if gap, before := at[i]-at[i-1], at[i-1]-at[i-2]; gap > 75*time.Minute || gap < before/2 {
				t.Errorf("attempt %d came %v after the one before", i, gap)
			}
		}
		if slices.Equal(posts[:1], posts[1:2]) || w.Counts() != (logout.Counts{Failed: uint64(len(posts)), Dead: 1}) {
			t.Errorf("the token was not made anew, or %+v", w.Counts())
		}
		if diff := cmp.Diff([]string{"logout.backchannel_failed"}, q.events); diff != "" {
			t.Error(diff)
		}
		_ = stop()
	})
}

// OA-99: 204 is success too, and one that hangs does not hold the others up.
func TestParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		q, p := &queue{}, &party{answer: func(n int) (int, error) {
			if n == 1 {
				<-hang
			}
			return 204, nil
		}}
		w, stop := start(t, q, p)
		for range 300 {
			q.end("web")
		}
		w.Wake()
		synctest.Wait()
		if c := w.Counts(); c.Delivered != 299 {
			t.Errorf("%+v", c)
		}
		close(hang)
		synctest.Wait()
		if c := w.Counts(); c.Delivered != 300 {
			t.Errorf("%+v", c)
		}
		_ = stop()
	})
}

// A client that is gone is given up at once; nobody can be told.
func TestNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &party{}
		w, stop := start(t, q, p)
		d := q.end("gone")
		w.Wake()
		synctest.Wait()
		if row := q.row(d.ID); row.Outcome != logout.Dead || len(p.got()) != 0 {
			t.Errorf("%+v, %d posts", row, len(p.got()))
		}
		_ = stop()
	})
}

// A lost wake costs seconds; everything is looked at now and then.
func TestPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &party{}
		_, stop := start(t, q, p)
		d := q.end("web")
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if q.row(d.ID).Outcome != logout.Delivered {
			t.Error("not told without a wake")
		}
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		whole := 0
		for _, since := range q.sinces {
			if since.IsZero() {
				whole++
			}
		}
		if whole != 2 {
			t.Errorf("everything was looked at %d times", whole)
		}
		_ = stop()
	})
}

// Stopping in the middle of an attempt charges nobody: it is due again at once.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, p := &queue{}, &party{answer: func(int) (int, error) { time.Sleep(time.Hour); return 0, context.Canceled }}
		w, stop := start(t, q, p)
		d := q.end("web")
		w.Wake()
		synctest.Wait()
		began := time.Now()
		if err := stop(); !errors.Is(err, context.Canceled) || time.Since(began) > 2*time.Hour {
			t.Error(err)
		}
		if row := q.row(d.ID); row.Outcome != "" || row.NextAt.After(time.Now()) || row.Reason != "stopped" {
			t.Errorf("%+v", row)
		}
	})
}
