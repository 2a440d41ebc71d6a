package revocation

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// feedDouble is a store that answers what a test puts there.
type feedDouble struct {
	epoch   string
	entries []Entry
	err     error
	block   bool // as a connection that swallows everything does
}

func (f *feedDouble) Head(ctx context.Context) (int64, string, error) {
	if f.block {
		<-ctx.Done()
		return 0, "", ctx.Err()
	}
	var head int64
	if n := len(f.entries); n > 0 {
		head = f.entries[n-1].Number
	}
	return head, f.epoch, f.err
}

func (f *feedDouble) Since(_ context.Context, number int64, limit int) ([]Entry, error) {
	for i, e := range f.entries {
		if e.Number > number {
			return f.entries[i:min(len(f.entries), i+limit)], f.err
		}
	}
	return nil, f.err
}

func (f *feedDouble) Swept(context.Context) (int64, error)                     { return 0, f.err }
func (f *feedDouble) Outlast(context.Context, time.Duration) error             { return f.err }
func (f *feedDouble) Rewound(context.Context, string, string, time.Time) error { return f.err }
func (f *feedDouble) Put(context.Context, ...Entry) error                      { return f.err }
func (f *feedDouble) Snapshot(context.Context, time.Time, func(int64, string, []Entry) error) error {
	return f.err
}

func (f *feedDouble) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

// add appends n entries.
func (f *feedDouble) add(n int) {
	for range n {
		f.entries = append(f.entries, Entry{Number: int64(len(f.entries)) + 1, Kind: Session})
	}
}

// heard is what a cache was told: the numbers of entries, and 0 for a reset.
type heard []int64

func (h *heard) Apply(entries []Entry) {
	for _, e := range entries {
		*h = append(*h, e.Number)
	}
}

func (h *heard) Reset() { *h = append(*h, 0) }

func newFollower(f *feedDouble, now func() time.Time) (*Follower, *heard) {
	h := &heard{}
	return NewFollower(f, h, now, slog.New(slog.DiscardHandler)), h
}

func at(t *time.Time) func() time.Time { return func() time.Time { return *t } }

// TH-11: a proof counts from when its poll was sent and lasts less than a second.
func TestProofEnds(t *testing.T) {
	now := time.Now()
	f, _ := newFollower(&feedDouble{epoch: "a"}, at(&now))
	if f.Fresh(now) {
		t.Fatal("fresh before the first poll")
	}
	if err := f.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{
		0: true, Bound - 1: true,
		Bound:            false,
		30 * time.Second: false, // SIGSTOP: the first check after the pause
		-1:               false, // a proof from the future
	} {
		if got := f.Fresh(now.Add(after)); got != want {
			t.Errorf("fresh %s after the poll was sent: %v, want %v", after, got, want)
		}
	}
}

// slept is t as it is read after the machine slept for d: the wall clock went on,
// the monotonic one did not.
func slept(t time.Time, d time.Duration) time.Time {
	t = t.Add(d)
	reading := (*struct {
		wall uint64
		mono int64
		loc  *time.Location
	})(unsafe.Pointer(&t))
	reading.mono -= int64(d)
	return t
}

// TH-11: a disagreement of the clocks voids the proof, whichever runs ahead.
func TestClocksDisagree(t *testing.T) {
	now := time.Now()
	f, _ := newFollower(&feedDouble{epoch: "a"}, at(&now))
	if err := f.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := slept(now, time.Hour); got.Sub(now) != 0 || got.UnixNano() != now.UnixNano()+int64(time.Hour) {
		t.Fatal("a time is not made as this test thinks")
	}
	for by, want := range map[time.Duration]bool{
		Bound / 2: true, -Bound / 2: true,
		Bound: false, -Bound: false, time.Hour: false, -time.Hour: false, 365 * 24 * time.Hour: false,
	} {
		if got := f.Fresh(slept(now, by)); got != want {
			t.Errorf("wall clock off by %s: fresh %v, want %v", by, got, want)
		}
	}
}

// TH-11: a store that refuses, or swallows the question, renews nothing.
func TestSilenceProvesNothing(t *testing.T) {
	for name, silence := range map[string]feedDouble{
		"refused":     {epoch: "a", err: errors.New("connection refused")},
		"black hole":  {epoch: "a", block: true},
		"unreadable ": {epoch: "a", entries: []Entry{{Number: 1}}, err: errors.New("cut off")},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			st := &feedDouble{epoch: "a"}
			f, _ := newFollower(st, at(&now))
			if err := f.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			*st = silence
			now = now.Add(Bound - 1)
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // the poll's own time limit, without waiting for it
			if err := f.Poll(ctx); err == nil {
				t.Fatal("a poll without an answer succeeded")
			}
			now = now.Add(1)
			if f.Fresh(now) {
				t.Error("the failed poll renewed the proof")
			}
		})
	}
}

// A poll catches up in order, however much there is, before it proves anything.
func TestCatchesUp(t *testing.T) {
	now := time.Now()
	st := &feedDouble{epoch: "a"}
	f, h := newFollower(st, at(&now))
	st.add(3)
	poll := func() {
		t.Helper()
		if err := f.Poll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	poll() // the first: what is cached may be older than anything
	st.add(2*batch + 1)
	poll()
	poll()
	want := heard{0}
	for n := range 2*batch + 1 {
		want = append(want, int64(n)+4)
	}
	if diff := cmp.Diff(want, *h); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TH-12: another history, told by its epoch or by a head that went back, resets
// the cache; nothing of the old one is taken for granted.
func TestAnotherHistory(t *testing.T) {
	for name, turn := range map[string]func(*feedDouble){
		"restore":           func(f *feedDouble) { f.epoch = "b" },
		"promoted, behind":  func(f *feedDouble) { f.entries = f.entries[:2] },
		"restored, further": func(f *feedDouble) { f.epoch = "b"; f.add(100) },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Now()
			st := &feedDouble{epoch: "a"}
			st.add(5)
			f, h := newFollower(st, at(&now))
			if err := f.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			turn(st)
			if err := f.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			head := int64(len(st.entries))
			st.add(1)
			if err := f.Poll(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(heard{0, 0, head + 1}, *h); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Run polls by itself, sooner when it is woken, and leaves no proof behind.
func TestRun(t *testing.T) {
	st := &feedDouble{epoch: "a"}
	f, _ := newFollower(st, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	for !f.Fresh(time.Now()) {
		f.Wake()
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if f.Fresh(time.Now()) {
		t.Error("a proof outlived Run")
	}
}
