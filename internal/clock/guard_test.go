package clock_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/clock"
)

type rig struct {
	*clock.Guard
	fake   *clock.Fake
	events []clock.Event
}

func newRig() *rig {
	r := &rig{fake: clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))}
	r.Guard = clock.NewGuard(r.fake.Now, r.fake.Monotonic, func(e clock.Event) { r.events = append(r.events, e) })
	return r
}

// TH-4: ±1 h and ±1 y halt, and returning resumes.
func TestJump(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, jump := range []time.Duration{time.Hour, -time.Hour, year, -year, 61 * time.Second, -61 * time.Second} {
		r := newRig()
		r.fake.Advance(time.Hour)
		if !r.Check() {
			t.Fatal("not steady to begin with")
		}
		r.fake.Jump(jump)
		at := r.fake.Now()
		if r.Check() || r.Steady() {
			t.Fatalf("%v: steady", jump)
		}
		r.fake.Advance(30 * 24 * time.Hour)
		if r.Check() {
			t.Errorf("%v: waiting made it right", jump)
		}
		r.fake.Jump(-jump)
		if !r.Check() || !r.Steady() {
			t.Errorf("%v: not steady after it went back", jump)
		}
		want := []clock.Event{
			{By: jump, Than: "monotonic", At: at},
			{Steady: true, Than: "monotonic", At: r.fake.Now()},
		}
		if diff := cmp.Diff(want, r.events); diff != "" {
			t.Errorf("%v (-want +got):\n%s", jump, diff)
		}
	}
}

func TestSmallStepsAndSlewArePartOfLife(t *testing.T) {
	r := newRig()
	r.fake.Jump(59 * time.Second)
	if !r.Check() {
		t.Fatal("59 s halted")
	}
	r = newRig()
	for range 30 * 24 * 60 { // a month at 500 parts per million: 21 minutes in all
		r.fake.Advance(time.Minute)
		r.fake.Jump(30 * time.Millisecond)
		if !r.Check() {
			t.Fatal("a slewed clock halted")
		}
	}
}

// TH-4: a jump in small steps is a jump.
func TestCreepingJump(t *testing.T) {
	r := newRig()
	for range 3 {
		r.fake.Advance(time.Second)
		r.fake.Jump(30 * time.Second)
		r.Check()
	}
	if r.Steady() {
		t.Fatal("90 s in three steps went unnoticed")
	}
}

// database shows the given time, or fails; asking takes latency.
type database struct {
	ahead   time.Duration
	fake    *clock.Fake
	truth   *clock.Fake
	latency time.Duration
	err     error
}

func (d database) Now(context.Context) (time.Time, error) {
	d.fake.Advance(d.latency / 2)
	defer d.fake.Advance(d.latency - d.latency/2)
	if d.truth != nil {
		return d.truth.Now(), d.err
	}
	return d.fake.Now().Add(d.ahead), d.err
}

// TH-4: over 5 s off the database is unready, over 60 s halts.
func TestSkew(t *testing.T) {
	for _, c := range []struct {
		ahead         time.Duration
		ready, steady bool
	}{
		{0, true, true},
		{5 * time.Second, true, true},
		{-5 * time.Second, true, true},
		{6 * time.Second, false, true},
		{-6 * time.Second, false, true},
		{61 * time.Second, false, false},
		{-time.Hour, false, false},
	} {
		r := newRig()
		steady, err := r.CheckDatabase(context.Background(), database{ahead: c.ahead, fake: r.fake, latency: 20 * time.Millisecond})
		if err != nil || steady != c.steady || r.Ready() != c.ready {
			t.Errorf("database %v ahead: steady %v ready %v, %v", c.ahead, steady, r.Ready(), err)
		}
	}
}

// A slow answer is no skew.
func TestSlowDatabase(t *testing.T) {
	r := newRig()
	if _, err := r.CheckDatabase(context.Background(), database{ahead: 3 * time.Second, fake: r.fake, latency: time.Minute}); err != nil || !r.Ready() {
		t.Fatalf("skew %v, %v", r.Skew(), err)
	}
}

// TH-4: after a jump that was a correction, an independent database settles it.
func TestDatabaseConfirmsACorrection(t *testing.T) {
	r := newRig()
	truth := clock.NewFake(r.fake.Now().Add(time.Hour)) // the machine was an hour late
	if ok, _ := r.CheckDatabase(context.Background(), database{fake: r.fake, truth: truth}); ok {
		t.Fatal("an hour late and steady")
	}
	r.fake.Jump(time.Hour)
	if r.Check() {
		t.Fatal("steady before the database was asked again")
	}
	if ok, err := r.CheckDatabase(context.Background(), database{fake: r.fake, truth: truth}); !ok || err != nil {
		t.Fatalf("steady %v, %v", ok, err)
	}
	if !r.Check() {
		t.Fatal("the new base was not kept")
	}
}

func TestDatabaseAway(t *testing.T) {
	r := newRig()
	gone := errors.New("gone")
	if ok, err := r.CheckDatabase(context.Background(), database{fake: r.fake, err: gone}); !ok || !errors.Is(err, gone) {
		t.Fatalf("%v, %v: a database that is away says nothing about the clock", ok, err)
	}
}

func TestFake(t *testing.T) {
	f := clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	start := f.Now()
	f.Set(start.Add(time.Hour))
	f.Advance(time.Minute)
	f.Set(start)
	f.Jump(-time.Hour)
	if got := f.Monotonic(); got != 61*time.Minute {
		t.Errorf("monotonic %v", got)
	}
	if got := f.Now(); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("wall %v", got)
	}
}

func TestFakeConcurrently(t *testing.T) {
	f := clock.NewFake(time.Unix(0, 0))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				f.Advance(time.Second)
				f.Now()
			}
		})
	}
	wg.Wait()
	if f.Monotonic() != 800*time.Second {
		t.Error(f.Monotonic())
	}
}
