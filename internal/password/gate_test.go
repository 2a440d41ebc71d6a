package password

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// one is the cost of a default hash; work stands for it on a simulated clock.
var one = DefaultParameters().cost()

const hashTime = 35 * time.Millisecond

func work() { time.Sleep(hashTime) } // advances the bubble's clock, not the wall's

// TH-32 PW-15 PW-22
func TestFloodOfStrangersLeavesKnownDevicesAlone(t *testing.T) {
	for _, slots := range []int{1, 2, 3, 7} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { flood(t, slots) })
		})
	}
}

func flood(t *testing.T, slots int) {
	g := NewGate(GateOptions{Slots: slots, Now: time.Now})
	var wg sync.WaitGroup
	var known, prompt, strangers, busy atomic.Int64
	var tooSlow atomic.Int64
	send := func(ticket Ticket, offset, every time.Duration, n int, done func(wait time.Duration, err error)) {
		wg.Go(func() {
			time.Sleep(offset)
			for range n {
				time.Sleep(every)
				wg.Go(func() {
					start := time.Now()
					err := g.Do(t.Context(), ticket, one, work)
					done(time.Since(start), err)
				})
			}
		})
	}
	// 400 prefixes together send three times what all slots can do, for 20 s.
	every := hashTime * 400 / time.Duration(3*slots)
	for i := range 400 {
		ticket := Ticket{SignIn, fmt.Sprintf("10.%d.%d.7", i/200, i%200)}
		send(ticket, every*time.Duration(i)/400, every, int(20*time.Second/every), func(_ time.Duration, err error) {
			if err == nil {
				strangers.Add(1)
			} else if p := problem.Of(err); errors.Is(err, ErrBusy) && p.RetryAfter >= time.Second {
				busy.Add(1)
			}
		})
	}
	// Known devices send a third of capacity.
	send(Ticket{KnownDevice, "192.0.2.1"}, 0, 3*hashTime/time.Duration(slots), int(20*time.Second*time.Duration(slots)/hashTime/3), func(wait time.Duration, err error) {
		known.Add(1)
		if err == nil && wait <= 2*time.Second {
			prompt.Add(1)
		}
		if wait > 500*time.Millisecond {
			tooSlow.Add(1)
		}
	})
	wg.Wait()
	if prompt.Load()*100 < known.Load()*95 {
		t.Errorf("%d of %d known devices within 2 s", prompt.Load(), known.Load())
	}
	if tooSlow.Load() > 0 {
		t.Errorf("%d known devices waited for more than half a second", tooSlow.Load())
	}
	// The rest of the capacity is not wasted, and everybody else is told when to return.
	if least := int64(20*time.Second/hashTime) * int64(slots) / 3; strangers.Load() < least || busy.Load() == 0 {
		t.Errorf("%d strangers admitted, want %d; %d told to wait", strangers.Load(), least, busy.Load())
	}
}

// TH-32
func TestOneSourceCannotCrowdOutAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(GateOptions{Slots: 1, Queue: 50, Now: time.Now})
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { _ = g.Do(t.Context(), Ticket{SignIn, "203.0.113.9"}, one, work) })
		}
		synctest.Wait()
		start := time.Now()
		if err := g.Do(t.Context(), Ticket{SignIn, "198.51.100.4"}, one, func() {}); err != nil {
			t.Errorf("another source: %v", err)
		}
		if wait := time.Since(start); wait > 2*hashTime {
			t.Errorf("another source waited %v", wait)
		}
		// Every other address of the crowded network shares its turn.
		start = time.Now()
		if err := g.Do(t.Context(), Ticket{SignIn, "203.0.113.77"}, one, func() {}); err == nil && time.Since(start) < 10*hashTime {
			t.Error("a neighbour jumped the queue")
		}
		wg.Wait()
	})
}

// TH-32
func TestClassesDoNotStarveEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(GateOptions{Slots: 1, MaxWait: time.Hour, Now: time.Now})
		var wg sync.WaitGroup
		var order []Class
		for c := range classes {
			for range 30 {
				wg.Go(func() { _ = g.Do(t.Context(), Ticket{Class: c}, one, func() { order = append(order, c); work() }) })
			}
		}
		wg.Wait()
		count := map[Class]int{}
		for _, c := range order[:48] {
			count[c]++
		}
		if k := count[KnownDevice]; k < 20 || k > 30 {
			t.Errorf("known devices had %d of the first 48 turns", k)
		}
		for c := range classes {
			if count[c] == 0 {
				t.Errorf("class %v had none of the first 48 turns", c)
			}
		}
	})
}

// TH-32
func TestCostIsBytesTimesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(GateOptions{Slots: 1, MaxWait: time.Hour, Now: time.Now})
		heavy := Cost{Bytes: one.Bytes * 4, Time: one.Time * 2}
		var wg sync.WaitGroup
		var order []string
		for range 10 {
			wg.Go(func() {
				_ = g.Do(t.Context(), Ticket{Source: "192.0.2.1"}, heavy, func() { order = append(order, "heavy"); work() })
			})
			wg.Go(func() {
				_ = g.Do(t.Context(), Ticket{Source: "198.51.100.1"}, one, func() { order = append(order, "light"); work() })
			})
		}
		wg.Wait()
		light := 0
		for _, o := range order[:12] {
			if o == "light" {
				light++
			}
		}
		if light < 9 {
			t.Errorf("%d light ones among the first 12 turns: %v", light, order)
		}
	})
}

// TH-32 PW-15
func TestWaitersThatAreGoneOrLateAreNeverHashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		results := map[Result]int{}
		g := NewGate(GateOptions{Slots: 1, MaxWait: 100 * time.Millisecond, Now: time.Now, Observe: func(o Outcome) {
			mu.Lock()
			defer mu.Unlock()
			results[o.Result]++
		}})
		var wg sync.WaitGroup
		wg.Go(func() { _ = g.Do(t.Context(), Ticket{}, one, func() { time.Sleep(time.Second) }) })
		synctest.Wait()
		hashed := func() { t.Error("hashed for nobody") }
		wg.Go(func() {
			if err := g.Do(t.Context(), Ticket{}, one, hashed); !errors.Is(err, ErrBusy) || problem.Of(err).RetryAfter < time.Second {
				t.Errorf("late: %v", err)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := g.Do(ctx, Ticket{}, one, hashed); !errors.Is(err, context.Canceled) {
				t.Errorf("gone: %v", err)
			}
		})
		synctest.Wait()
		cancel()
		if err := g.Do(ctx, Ticket{}, one, hashed); !errors.Is(err, context.Canceled) {
			t.Errorf("gone before it came: %v", err)
		}
		wg.Wait()
		if results[Admitted] != 1 || results[Late] != 1 || results[Gone] != 2 {
			t.Errorf("observed %v", results)
		}
		if g.used != 0 || g.usedBytes != 0 || g.backlog != 0 || g.lines[SignIn].size != 0 {
			t.Errorf("left over: %d slots, %d bytes, %v", g.used, g.usedBytes, g.backlog)
		}
	})
}

// TH-32
func TestMemoryBoundHoldsAcrossSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const mem = 64 << 20
		g := NewGate(GateOptions{Slots: 8, Memory: mem, Now: time.Now})
		var wg sync.WaitGroup
		var inUse, most atomic.Int64
		for i := range 40 {
			c := Cost{Bytes: int64(1+i%4) * 16 << 20, Time: hashTime}
			wg.Go(func() {
				err := g.Do(t.Context(), Ticket{Class: KnownDevice}, c, func() {
					if now := inUse.Add(c.Bytes); now > most.Load() {
						most.Store(now)
					}
					work()
					inUse.Add(-c.Bytes)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most.Load() > mem || most.Load() < mem/2 {
			t.Errorf("at most %d MiB in use, bound %d", most.Load()>>20, mem>>20)
		}
		if err := g.Do(t.Context(), Ticket{}, Cost{Bytes: mem + 1}, func() {}); !errors.Is(err, ErrCostly) {
			t.Errorf("more than the whole memory: %v", err)
		}
	})
}

func TestIdleRunsOnceTheGateHasDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var idle atomic.Int64
		g := NewGate(GateOptions{Slots: 2, Now: time.Now, IdleAfter: time.Second, Idle: func() { idle.Add(1) }})
		for range 5 {
			if err := g.Do(t.Context(), Ticket{}, one, work); err != nil {
				t.Fatal(err)
			}
			time.Sleep(900 * time.Millisecond)
		}
		if idle.Load() != 0 {
			t.Error("idle between hashes")
		}
		time.Sleep(time.Minute)
		if idle.Load() != 1 {
			t.Errorf("idle %d times", idle.Load())
		}
	})
}

func TestSlotIsFreedWhenWorkPanics(t *testing.T) {
	g := NewGate(GateOptions{Slots: 1, Now: time.Now})
	func() {
		defer func() { _ = recover() }()
		_ = g.Do(t.Context(), Ticket{}, one, func() { panic("hash") })
	}()
	if err := g.Do(t.Context(), Ticket{}, one, func() {}); err != nil {
		t.Fatal(err)
	}
}

// A stress for the race detector: grants, ends of contexts and drops collide.
func TestGateUnderContention(t *testing.T) {
	g := NewGate(GateOptions{Slots: 3, Queue: 8, MaxWait: time.Millisecond, Now: time.Now})
	var wg sync.WaitGroup
	var running atomic.Int64
	for i := range 500 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%5)*300*time.Microsecond)
			defer cancel()
			_ = g.Do(ctx, Ticket{Class(i) % classes, fmt.Sprintf("10.0.%d.1", i%17)}, one, func() {
				if running.Add(1) > 3 {
					t.Error("more at once than slots")
				}
				running.Add(-1)
			})
		})
	}
	wg.Wait()
	if g.used != 0 || g.usedOthers != 0 || g.usedBytes != 0 || g.backlog != 0 {
		t.Errorf("left over: %d %d %d %v", g.used, g.usedOthers, g.usedBytes, g.backlog)
	}
}
