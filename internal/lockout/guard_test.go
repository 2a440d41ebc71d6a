package lockout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/problem"
)

// TH-33 PW-21 lessons-33: the wait grows per account and source.
func TestWaitGrowsPerPair(t *testing.T) {
	w := newWorld()
	a := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "192.0.2.1/32"}
	var waits []time.Duration
	for range 15 {
		if err := guess(w.Guard, a); err != nil {
			t.Fatal(err)
		}
		d := waitOf(t, guess(w.Guard, a))
		waits = append(waits, d)
		if d == 0 {
			continue
		}
		w.clock.advance(d - 1)
		if left := waitOf(t, guess(w.Guard, a)); left != 1 {
			t.Fatalf("a nanosecond early: %v left", left)
		}
		w.clock.advance(1)
	}
	s := time.Second
	// The first guess let the second through, so the loop saw three free ones.
	want := []time.Duration{0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 512 * s, 900 * s, 900 * s, 900 * s, 900 * s}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

// TH-33: guesses at once are counted at once, before any of them is judged.
func TestParallelGuessesAreReservedFirst(t *testing.T) {
	w := newWorld()
	a := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "192.0.2.1/32"}
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if _, err := w.Reserve(context.Background(), a); err == nil {
				admitted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := admitted.Load(); n != 3 {
		t.Fatalf("%d guesses in flight from one source, want the 3 free ones", n)
	}
}

// TH-33 PW-21: strangers make a new source wait at most 30 s, and its turn is its own.
func TestAccountWideWaitIsAnAppointment(t *testing.T) {
	w := newWorld()
	for i := range 60 {
		stranger(t, w, i)
	}
	owner := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "198.51.100.1/32"}
	d := waitOf(t, enter(w.Guard, w.kept, owner))
	if d <= 0 || d > lockout.LongestAccountDelay {
		t.Fatalf("wait %v, want up to %v", d, lockout.LongestAccountDelay)
	}
	w.clock.advance(d)
	for i := range 30 {
		stranger(t, w, 100+i) // others keep coming, even at that very moment
	}
	if err := enter(w.Guard, w.kept, owner); err != nil {
		t.Fatalf("the owner kept the appointment and was refused: %v", err)
	}
	if n := w.kept.failures(w.ada); n != 0 {
		t.Errorf("a complete sign-in left %d failures", n)
	}
}

// stranger guesses once from source i, waiting for nothing.
func stranger(t *testing.T, w *world, i int) {
	t.Helper()
	err := guess(w.Guard, lockout.Attempt{Subject: lockout.Account(w.ada), Source: fmt.Sprint("source", i)})
	if err != nil && !errors.Is(err, lockout.ErrWait) {
		t.Fatal(err)
	}
}

// TH-33: an account that nobody guessed at lately makes nobody wait.
func TestAccountWideWaitEnds(t *testing.T) {
	w := newWorld()
	for i := range 20 {
		stranger(t, w, i)
	}
	w.clock.advance(16 * time.Minute)
	owner := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "198.51.100.1/32"}
	if err := enter(w.Guard, w.kept, owner); err != nil {
		t.Fatal(err)
	}
}

// TH-33 PW-21 lessons-20: a known device has failures of its own.
func TestKnownDevice(t *testing.T) {
	w := newWorld()
	w.kept.counts[w.ada] = lockout.Count{Failures: 500}
	a := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "192.0.2.1/32", Device: "phone"}
	for i := range lockout.DeviceFailures {
		if err := guess(w.Guard, a); err != nil {
			t.Fatalf("guess %d of a known device: %v", i, err)
		}
	}
	if err := guess(w.Guard, a); !errors.Is(err, lockout.ErrCodeNeeded) && !errors.Is(err, lockout.ErrWait) {
		t.Fatalf("after its own failures a device is a stranger: %v", err)
	}
	other := a
	other.Device = "tablet"
	if err := guess(w.Guard, other); err != nil {
		t.Fatalf("another known device pays for the first: %v", err)
	}
	if n := w.kept.failures(w.ada); n != 511 {
		t.Errorf("%d failures, want 511: those of devices count for the account", n)
	}
}

// A device known to one account is a stranger to names nobody has.
func TestDeviceMeansNothingToTheUnknown(t *testing.T) {
	w := newWorld()
	a := lockout.Attempt{Subject: lockout.Unknown("x@example.test"), Source: "s", Device: "phone"}
	for range 3 {
		if err := guess(w.Guard, a); err != nil {
			t.Fatal(err)
		}
	}
	if waitOf(t, guess(w.Guard, a)) == 0 {
		t.Fatal("no wait")
	}
}

// TH-33 PW-20: after 100 failures strangers need a mailed code, and it is enough.
func TestCodeAfterHundred(t *testing.T) {
	w := newWorld()
	guesses := 0
	for i := 0; ; i++ {
		err := guess(w.Guard, lockout.Attempt{Subject: lockout.Account(w.ada), Source: fmt.Sprint("source", i)})
		if errors.Is(err, lockout.ErrWait) {
			w.clock.advance(20 * time.Minute)
			continue
		}
		if err != nil {
			break
		}
		guesses++
	}
	if guesses != lockout.CodeAfter {
		t.Fatalf("%d guesses, want %d", guesses, lockout.CodeAfter)
	}
	locked := 0
	for _, ev := range w.kept.events {
		if ev.Name == lockout.Locked.String() && ev.Subject == w.ada.String() {
			locked++
		}
	}
	if locked != 1 {
		t.Errorf("%d account.locked events, want 1", locked)
	}
	if err := enter(w.Guard, w.kept, lockout.Attempt{Subject: lockout.Account(w.ada), Source: "new", Code: true}); err != nil {
		t.Fatalf("with a mailed code: %v", err)
	}
	if err := guess(w.Guard, lockout.Attempt{Subject: lockout.Account(w.ada), Source: "newer"}); err != nil {
		t.Fatalf("after a complete sign-in: %v", err)
	}
}

// TH-33: what was never judged leaves nothing behind.
func TestReleaseTakesBack(t *testing.T) {
	w := newWorld()
	for _, a := range []lockout.Attempt{
		{Subject: lockout.Account(w.ada), Source: "s"},
		{Subject: lockout.Account(w.ada), Source: "s", Device: "phone"},
		{Subject: lockout.Unknown("nobody"), Source: "s"},
	} {
		for i := range 200 {
			r, err := w.Reserve(context.Background(), a)
			if err != nil {
				t.Fatalf("%+v, round %d: %v", a, i, err)
			}
			r.Release()
			r.Release()
		}
	}
}

// TH-33: hanging up does not take a guess back.
func TestFailSurvivesTheClient(t *testing.T) {
	w := newWorld()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := w.Reserve(ctx, lockout.Attempt{Subject: lockout.Account(w.ada), Source: "s"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := r.Fail(ctx, wrong); err != nil {
		t.Fatal(err)
	}
	if n := w.kept.failures(w.ada); n != 1 {
		t.Fatalf("%d failures kept, want 1", n)
	}
}

func TestStorageDown(t *testing.T) {
	w := newWorld()
	w.kept.down = errors.New("gone")
	for name, s := range map[string]lockout.Subject{"known": lockout.Account(w.ada), "unknown": lockout.Unknown("x")} {
		for range 10 {
			if err := guess(w.Guard, lockout.Attempt{Subject: s, Source: "s"}); !errors.Is(err, w.kept.down) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	w.kept.down = nil
	if err := guess(w.Guard, lockout.Attempt{Subject: lockout.Account(w.ada), Source: "s"}); err != nil {
		t.Fatalf("an outage was counted against the caller: %v", err)
	}
}

// The public sentences say nothing about accounts.
func TestWaitIs429(t *testing.T) {
	if got := problem.Of(lockout.ErrWait).Kind.Status(); got != 429 {
		t.Fatalf("status %d", got)
	}
}
