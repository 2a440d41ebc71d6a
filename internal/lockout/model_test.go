package lockout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-33 PW-20: eviction, restarts and three replicas together let out at most
// 100 results, with guesses of all replicas in flight at once.
func TestHundredGuessesOverReplicasAndRestarts(t *testing.T) {
	k, c := newKept(), newClock()
	ada := user.NewID(c.now())
	open := func() *lockout.Guard { return lockout.New(k, k.record, c.now) }
	replicas := []*lockout.Guard{open(), open(), open()}
	var revealed atomic.Int64
	for round := range 40 {
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				source := fmt.Sprint(round, "/", i)
				if guess(replicas[i%3], lockout.Attempt{Subject: lockout.Account(ada), Source: source}) == nil {
					revealed.Add(1)
				}
			})
		}
		wg.Wait()
		replicas[round%3] = open() // a restart, which is also a complete eviction
		c.advance(time.Duration(round%20) * time.Minute)
	}
	if n := revealed.Load(); n != lockout.CodeAfter {
		t.Fatalf("%d results let out, want exactly %d", n, lockout.CodeAfter)
	}
}

// TH-33: a right password is not revealed either once others used up the guesses.
func TestRightGuessIsWithheldWhenTheLineWasCrossed(t *testing.T) {
	w := newWorld()
	w.kept.counts[w.ada] = lockout.Count{Failures: lockout.CodeAfter - 1}
	r, err := w.Reserve(context.Background(), lockout.Attempt{Subject: lockout.Account(w.ada), Source: "s"})
	if err != nil || r.NeedsCode() {
		t.Fatal(err, "or a code too early")
	}
	other := lockout.New(w.kept, w.kept.record, w.clock.now)
	if err := guess(other, lockout.Attempt{Subject: lockout.Account(w.ada), Source: "t"}); err != nil {
		t.Fatal(err)
	}
	if err := r.Confirm(context.Background(), w.kept); !errors.Is(err, lockout.ErrCodeNeeded) {
		t.Fatalf("got %v", err)
	}
}

// TH-33: an attacker guesses for 24 hours from many sources; the owner on a new
// device enters within a minute at any time, and a known device at once.
func TestOwnerEntersDuringADayOfGuessing(t *testing.T) {
	w := newWorld()
	ada := lockout.Account(w.ada)
	begin := w.clock.now()
	for step := 0; w.clock.now().Sub(begin) < 24*time.Hour; step++ {
		for i := range 20 {
			_ = guess(w.Guard, lockout.Attempt{Subject: ada, Source: fmt.Sprint("bot", (step*20+i)%5000)})
		}
		w.clock.advance(10 * time.Second)
		if step%97 == 50 {
			ownerEnters(t, w, lockout.Attempt{Subject: ada, Source: fmt.Sprint("hotel", step)})
		}
		if step%53 == 20 {
			if err := enter(w.Guard, w.kept, lockout.Attempt{Subject: ada, Source: "home", Device: "phone"}); err != nil {
				t.Fatalf("step %d: a known device was refused because of strangers: %v", step, err)
			}
		}
	}
}

// ownerEnters does what the page tells the owner, with attackers still guessing.
func ownerEnters(t *testing.T, w *world, a lockout.Attempt) {
	t.Helper()
	began := w.clock.now()
	for {
		err := enter(w.Guard, w.kept, a)
		switch {
		case err == nil:
			if took := w.clock.now().Sub(began); took > time.Minute {
				t.Fatalf("the owner needed %v", took)
			}
			return
		case errors.Is(err, lockout.ErrCodeNeeded):
			w.clock.advance(20 * time.Second) // reading the mail
			a.Code = true
		default:
			w.clock.advance(waitOf(t, err))
		}
		for i := range 10 {
			_ = guess(w.Guard, lockout.Attempt{Subject: a.Subject, Source: fmt.Sprint("bot", i)})
		}
	}
}

// PW-25 TH-33: whatever is tried, in whatever order, an account and a name that
// nobody has answer alike.
func TestKnownAndUnknownAnswerAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		known, unknown := lockout.Account(w.ada), lockout.Unknown("ghost@example.test")
		for step := range rapid.IntRange(1, 400).Draw(t, "steps") {
			source := fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "source"))
			w.clock.advance(time.Duration(rapid.Int64Range(0, int64(30*time.Minute)).Draw(t, "pause")))
			a := guess(w.Guard, lockout.Attempt{Subject: known, Source: source})
			b := guess(w.Guard, lockout.Attempt{Subject: unknown, Source: source})
			if fmt.Sprint(a) != fmt.Sprint(b) || retry(a) != retry(b) {
				t.Fatalf("step %d: known %v %v, unknown %v %v", step, a, retry(a), b, retry(b))
			}
		}
	})
}

// TH-33 PW-21: no history of strangers refuses a known device.
func TestStrangersNeverTouchAKnownDevice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		for range rapid.IntRange(0, 150).Draw(t, "guesses") {
			source := fmt.Sprint(rapid.IntRange(0, 200).Draw(t, "source"))
			_ = guess(w.Guard, lockout.Attempt{Subject: lockout.Account(w.ada), Source: source})
			w.clock.advance(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "pause")))
		}
		mine := rapid.IntRange(0, lockout.DeviceFailures-1).Draw(t, "own failures")
		device := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "0", Device: "phone"}
		for range mine {
			if err := guess(w.Guard, device); err != nil {
				t.Fatal(err)
			}
		}
		if err := enter(w.Guard, w.kept, device); err != nil {
			t.Fatal(err)
		}
	})
}

// TH-4: a clock that jumps back keeps nobody waiting.
func TestClockJumpsBack(t *testing.T) {
	w := newWorld()
	a := lockout.Attempt{Subject: lockout.Account(w.ada), Source: "s"}
	for range 3 {
		_ = guess(w.Guard, a)
	}
	w.clock.advance(-365 * 24 * time.Hour)
	if err := guess(w.Guard, a); err != nil {
		t.Fatal(err)
	}
}
