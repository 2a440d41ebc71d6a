package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/revocation"
)

// A follower hears of everything that concerns it, and of nothing twice.
func TestFollow(t *testing.T) {
	r := newRig(t)
	r.act(revocation.Session, "before", 0)
	f := r.follow(apiA)
	f.sync()
	f.mustBe(true, feed.Session, "before")
	r.act(revocation.Grant, "g", 0)
	r.act(revocation.Subject, "banned", 6)
	r.act(revocation.Subject, "long ago", 5)
	r.act(revocation.Refresh, "demoted", 6)
	r.act(revocation.Refresh, "renamed", 0)
	r.act(revocation.Instance, "", 0) // caches only
	r.act(revocation.Client, "c", 9)
	r.act(revocation.Key, "k", 0)
	r.act(revocation.Token, "j", 0)
	f.sync()
	f.mustBe(true, feed.Grant, "g")
	f.mustBe(true, feed.Subject, "banned", "demoted")
	f.mustBe(false, feed.Subject, "long ago", "renamed")
	f.mustBe(true, feed.Client, "c")
	f.mustBe(true, feed.Key, "k")
	f.mustBe(true, feed.Token, "j")
	f.mustBe(false, feed.Token, "g", "before", "k")
	r.act(revocation.Instance, "", 6)
	f.sync()
	f.mustBe(true, feed.Token, "anything")
}

// TH-16: audience A learns nothing of B: not that, not what, and its values mean
// nothing under B's key; an entry of both is in both.
func TestAudiences(t *testing.T) {
	r := newRig(t)
	a, b := r.follow(apiA), r.follow(apiB)
	a.sync()
	b.sync()
	r.act(revocation.Session, "of b", 0, apiB)
	r.act(revocation.Session, "of both", 0, apiA, apiB)
	r.act(revocation.Session, "of none", 0)
	r.store.rows[2].Audiences = []string{}
	a.sync()
	b.sync()
	a.mustBe(false, feed.Session, "of b", "of none")
	b.mustBe(true, feed.Session, "of b", "of both")
	a.mustBe(true, feed.Session, "of both")
	if a.set.Len() != 1 || b.set.Len() != 2 {
		t.Errorf("A has %d entries, B %d", a.set.Len(), b.set.Len())
	}
	fresh := r.follow(apiA)
	fresh.sync()
	if fresh.set.Len() != 1 {
		t.Errorf("A's snapshot has %d entries", fresh.set.Len())
	}
	a.mask = b.mask
	a.mustBe(false, feed.Session, "of both")
	_, err := r.readCursor(apiB, a.Cursor())
	if !errors.Is(err, ErrGone) {
		t.Errorf("A's cursor at B: %v", err)
	}
}

// TH-15: what is revoked between the cut of a snapshot and the first tail is in
// the tail.
func TestRevokedBetweenCutAndTail(t *testing.T) {
	r := newRig(t)
	r.act(revocation.Session, "before", 0)
	r.store.during = func() { r.act(revocation.Session, "between", 0) }
	f := r.follow(apiA)
	f.sync()
	f.mustBe(false, feed.Session, "between")
	f.sync()
	f.mustBe(true, feed.Session, "before", "between")
}

// TH-15 TH-17: a snapshot of many comes in signed, chained parts.
func TestLargeSnapshotAndTail(t *testing.T) {
	r := newRig(t)
	many := func(from, to int) {
		for i := from; i < to; i++ {
			r.act(revocation.Token, fmt.Sprint(i), 0)
		}
	}
	many(0, 2*feed.MaxEntries+1)
	f := r.follow(apiA)
	if parts := f.sync(); len(parts) != 3 {
		t.Errorf("%d parts", len(parts))
	}
	many(2*feed.MaxEntries+1, 4*feed.MaxEntries+1)
	if batches := f.sync(); len(batches) != 2 {
		t.Errorf("%d batches", len(batches))
	}
	for i := range 4*feed.MaxEntries + 1 {
		f.mustBe(true, feed.Token, fmt.Sprint(i))
	}
	// A snapshot that broke off is begun again.
	f.Restart()
	q := Poll{Audience: apiA, Nonce: nonce}
	stop := errors.New("broken pipe")
	n := 0
	err := r.Answer(t.Context(), q, func(text string) error {
		if n++; n == 3 {
			return stop
		}
		return f.take(text)
	})
	if !errors.Is(err, stop) || f.Cursor() != "" {
		t.Fatalf("%v, cursor %q", err, f.Cursor())
	}
	f.sync()
}

// TH-15: a cursor that the store no longer reaches back to is gone, never empty.
func TestRetention(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	r.act(revocation.Token, "missed", 0)
	r.act(revocation.Token, "seen", 0)
	r.store.rows = r.store.rows[1:]
	r.store.swept = 1
	r.Begin("a", 2) // this process began after that
	if _, err := f.ask(0); !errors.Is(err, ErrGone) {
		t.Fatalf("%v, want gone", err)
	}
	f.sync()
	f.mustBe(true, feed.Token, "seen")
}

// Who was away for longer than memory reaches is answered from the store.
func TestFromTheStore(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	for i := range pageMost + 10 {
		r.act(revocation.Token, fmt.Sprint(i), 0, []string{apiA, apiB}[i%2])
	}
	r.Begin("a", r.store.head)
	f.sync()
	if f.set.Len() != (pageMost+10)/2 {
		t.Errorf("%d entries", f.set.Len())
	}
	if texts := f.sync(); len(texts) != 1 || f.set.Len() != (pageMost+10)/2 {
		t.Error("told twice")
	}
}

// A hundred followers read the store no more often than one.
func TestSharedTail(t *testing.T) {
	r := newRig(t)
	var all []*follower
	for range 100 {
		f := r.follow(apiA)
		f.sync()
		all = append(all, f)
	}
	r.act(revocation.Token, "j", 0)
	r.poll()
	before := r.store.reads
	for _, f := range all {
		f.sync()
		f.mustBe(true, feed.Token, "j")
	}
	if r.store.reads != before {
		t.Errorf("%d reads", r.store.reads-before)
	}
}

// TH-12: a promoted standby that lacks commits a follower has: the follower's
// cursor proves it, one new epoch begins, what it knew stays, and what comes
// holds too.
func TestPromotedStandby(t *testing.T) {
	r := newRig(t)
	f, g := r.follow(apiA), r.follow(apiB)
	f.sync()
	g.sync()
	for i := range 100 {
		r.act(revocation.Token, fmt.Sprint("old ", i), 0)
	}
	f.sync()
	g.sync()
	r.store.rows, r.store.head = nil, 0
	r.poll()
	for _, f := range []*follower{f, g} {
		if _, err := f.ask(0); !errors.Is(err, ErrGone) {
			t.Fatalf("%v, want gone", err)
		}
		r.poll()
	}
	if len(r.store.fresh) != 1 {
		t.Fatalf("%d epochs began", len(r.store.fresh))
	}
	for i := range 100 {
		r.act(revocation.Token, fmt.Sprint("new ", i), 0)
	}
	f.sync()
	f.sync()
	for i := range 100 {
		f.mustBe(true, feed.Token, fmt.Sprint("old ", i), fmt.Sprint("new ", i))
	}
}

// TH-12: a number nobody was given proves nothing.
func TestInventedCursor(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	epoch, rest, _ := strings.Cut(f.Cursor(), ".")
	_, mac, _ := strings.Cut(rest, ".")
	for text, want := range map[string]error{
		epoch + ".9000." + mac:                   ErrGone,
		"b.0." + mac:                             ErrGone,
		epoch + ".0." + strings.Repeat("A", 22):  ErrGone,
		epoch + ".-1." + mac:                     ErrPoll,
		epoch + ".00." + mac:                     ErrPoll,
		epoch + ".0":                             ErrPoll,
		strings.Repeat("a", cursorLimit) + ".0.": ErrPoll,
	} {
		err := r.Answer(t.Context(), Poll{Audience: apiA, Cursor: text, Previous: "p", Nonce: nonce}, func(string) error { return nil })
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if len(r.store.fresh) != 0 {
		t.Error("an invented cursor began an epoch")
	}
}

// TH-12: after a restore everybody begins again.
func TestAnotherEpoch(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	r.store.epoch = "b"
	if _, err := f.ask(0); !errors.Is(err, ErrGone) {
		t.Fatalf("%v, want gone", err)
	}
	f.sync()
}

// TH-14: an answer says what the store held after the question arrived. An entry
// this process has not polled yet is in it; a silent store is no answer.
func TestAnswerIsNotOlderThanItsQuestion(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	r.later(time.Second)
	r.act(revocation.Token, "just now", 0)
	f.sync()
	f.mustBe(true, feed.Token, "just now")

	r.later(time.Second)
	r.store.failing = errors.New("connection refused")
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the time limit, without waiting for it
	err := r.Answer(ctx, Poll{Audience: apiA, Cursor: f.Cursor(), Previous: f.Chain.Digest(), Nonce: nonce}, f.take)
	if !errors.Is(err, ErrBusy) {
		t.Errorf("%v, want busy", err)
	}
}

// A poll waits for news, and for nothing else.
func TestLongPoll(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	done := make(chan error, 1)
	go func() { _, err := f.ask(MaxWait); done <- err }()
	r.act(revocation.Token, "not ours", 0, apiB)
	r.poll()
	r.act(revocation.Token, "ours", 0, apiA)
	for {
		r.poll()
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			f.mustBe(true, feed.Token, "ours")
			return
		default:
		}
	}
}

func TestBadPolls(t *testing.T) {
	r := newRig(t)
	good := Poll{Audience: apiA, Nonce: nonce}
	for name, change := range map[string]func(*Poll){
		"no audience":           func(q *Poll) { q.Audience = "" },
		"no nonce":              func(q *Poll) { q.Nonce = "" },
		"short nonce":           func(q *Poll) { q.Nonce = nonce[1:] },
		"long nonce":            func(q *Poll) { q.Nonce = strings.Repeat("n", 129) },
		"patience":              func(q *Poll) { q.Wait = MaxWait + 1 },
		"negative":              func(q *Poll) { q.Wait = -1 },
		"cursor without digest": func(q *Poll) { q.Cursor = "a.0.x" },
		"digest without cursor": func(q *Poll) { q.Previous = "x" },
	} {
		q := good
		change(&q)
		if err := r.Answer(t.Context(), q, func(string) error { return nil }); !errors.Is(err, ErrPoll) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TH-17: more snapshots than slots are told to come back.
func TestSnapshotSlots(t *testing.T) {
	r := newRig(t)
	for range snapshotsMost {
		r.snapshots <- struct{}{}
	}
	if _, err := r.follow(apiA).ask(0); !errors.Is(err, ErrBusy) {
		t.Errorf("%v, want busy", err)
	}
	<-r.snapshots
	r.follow(apiA).sync()
}

// A stream delivers what comes until it is closed.
func TestStream(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	err := r.Stream(ctx, Poll{Audience: apiA, Nonce: nonce}, func(text string) error {
		if err := f.take(text); err != nil {
			return err
		}
		if r.Counts().Streams != 1 {
			t.Error("not counted")
		}
		if !f.dead(feed.Token, "j") {
			r.act(revocation.Token, "j", 0)
			go r.poll()
		} else {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.mustBe(true, feed.Token, "j")
}

// The tail in memory is bounded; who falls behind it loses nothing.
func TestBoundedTail(t *testing.T) {
	r := newRig(t)
	f := r.follow(apiA)
	f.sync()
	for i := range 2*tailMost + 5 {
		r.act(revocation.Token, fmt.Sprint(i), 0)
	}
	r.poll()
	if len(r.Publisher.tail) > 2*tailMost {
		t.Errorf("%d entries in memory", len(r.Publisher.tail))
	}
	f.sync()
	if f.set.Len() != 2*tailMost+5 {
		t.Errorf("%d entries", f.set.Len())
	}
}

func FuzzCursor(f *testing.F) {
	r := newRig(f)
	f.Add(r.cursorText(apiA, cursor{"a", 5}))
	f.Add("a.0.AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c, _, _, ok := splitCursor(text)
		if !ok {
			return
		}
		if _, err := r.readCursor(apiA, text); err == nil && r.cursorText(apiA, c) != text {
			t.Errorf("%q was read as %+v", text, c)
		}
	})
}

// What a million live entries cost to hand out.
func BenchmarkSnapshotMillion(b *testing.B) {
	r := newRig(b)
	rows := make([]revocation.Entry, 1_000_000)
	for i := range rows {
		rows[i] = revocation.Entry{Number: int64(i) + 1, Kind: revocation.Token, Value: [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}, At: start, Until: start.Add(time.Hour)}
	}
	r.store.rows, r.store.head = rows, int64(len(rows))
	b.ReportAllocs()
	var bytes int64
	for b.Loop() {
		bytes = 0
		err := r.Answer(b.Context(), Poll{Audience: apiA, Nonce: nonce}, func(text string) error { bytes += int64(len(text)); return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(bytes)/1e6, "MB-sent")
}
