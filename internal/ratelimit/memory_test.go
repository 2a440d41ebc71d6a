package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// clock is a monotonic clock that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Duration      { return time.Duration(c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

func newMemory(t testing.TB, keys int, limits ...ratelimit.Limit) (*ratelimit.Memory, *clock) {
	t.Helper()
	var c clock
	m, err := ratelimit.NewMemory(limits, keys, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return m, &c
}

func take(t testing.TB, m *ratelimit.Memory, keys ...ratelimit.Key) ratelimit.Decision {
	t.Helper()
	d, err := m.Take(context.Background(), ratelimit.All(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var tenASecond = ratelimit.Limit{Name: "ten", Every: 100 * time.Millisecond, Burst: 3}

func of(who string) ratelimit.Key { return ratelimit.Key{Limit: "ten", Of: who} }

// V2.4.1 PW-20
func TestBurstThenSteadyRate(t *testing.T) {
	m, c := newMemory(t, 0, tenASecond)
	for i := range 3 {
		want := ratelimit.Decision{Allowed: true, Name: "ten", Limit: 3, Remaining: 2 - i, Reset: time.Duration(i+1) * 100 * time.Millisecond}
		if diff := cmp.Diff(want, take(t, m, of("a"))); diff != "" {
			t.Fatalf("act %d (-want +got):\n%s", i, diff)
		}
	}
	want := ratelimit.Decision{Name: "ten", Limit: 3, RetryAfter: 100 * time.Millisecond, Reset: 300 * time.Millisecond}
	if diff := cmp.Diff(want, take(t, m, of("a"))); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	c.advance(99 * time.Millisecond)
	if d := take(t, m, of("a")); d.Allowed || d.RetryAfter != time.Millisecond {
		t.Fatalf("a millisecond early: %+v", d)
	}
	c.advance(time.Millisecond)
	if d := take(t, m, of("a")); !d.Allowed {
		t.Fatalf("after RetryAfter: %+v", d)
	}
}

// PW-22: one who is over the limit takes nothing from anybody else.
func TestKeysAreIndependent(t *testing.T) {
	m, _ := newMemory(t, 0, tenASecond)
	for range 100 {
		take(t, m, of("attacker"))
	}
	for _, k := range []ratelimit.Key{of("b"), {Limit: "ten", Of: "attacker", And: "x"}, {Limit: "ten", Of: "attackerx"}} {
		if d := take(t, m, k); !d.Allowed || d.Remaining != 2 {
			t.Errorf("%+v: %+v", k, d)
		}
	}
}

func TestPairsDoNotRunTogether(t *testing.T) {
	m, _ := newMemory(t, 0, tenASecond)
	for range 3 {
		take(t, m, ratelimit.Key{Limit: "ten", Of: "ab", And: "c"})
	}
	for _, k := range []ratelimit.Key{{Limit: "ten", Of: "a", And: "bc"}, {Limit: "ten", Of: "c", And: "ab"}, of("abc")} {
		if d := take(t, m, k); !d.Allowed {
			t.Errorf("%+v shares a counter with (ab, c)", k)
		}
	}
}

// PW-20: source, account and pair are charged together or not at all.
func TestAllOrNothing(t *testing.T) {
	m, _ := newMemory(t, 0, tenASecond, ratelimit.PerMinute("wide", 100), ratelimit.Limit{Name: "one", Every: time.Hour, Burst: 1})
	wide := ratelimit.Key{Limit: "wide", Of: "source"}
	one := ratelimit.Key{Limit: "one", Of: "account"}
	if d := take(t, m, wide, of("x"), one); !d.Allowed || d.Name != "one" || d.Remaining != 0 {
		t.Fatalf("the tightest limit is reported: %+v", d)
	}
	for range 10 {
		if d := take(t, m, wide, of("x"), one); d.Allowed || d.Name != "one" || d.RetryAfter != time.Hour {
			t.Fatalf("refused by one: %+v", d)
		}
	}
	if d := take(t, m, wide); d.Remaining != 98 {
		t.Errorf("refusals charged the source: %d left, want 98", d.Remaining)
	}
	if d := take(t, m, of("x")); d.Remaining != 1 {
		t.Errorf("refusals charged the other key: %d left, want 1", d.Remaining)
	}
}

func TestSameKeyTwiceIsChargedOnce(t *testing.T) {
	m, _ := newMemory(t, 0, tenASecond)
	if d := take(t, m, of("a"), of("a")); d.Remaining != 2 {
		t.Fatalf("%+v", d)
	}
}

func TestRefund(t *testing.T) {
	m, c := newMemory(t, 0, tenASecond)
	for range 3 {
		take(t, m, of("a"))
	}
	if err := m.Refund(context.Background(), ratelimit.All(of("a"), of("never seen"))); err != nil {
		t.Fatal(err)
	}
	if d := take(t, m, of("a")); !d.Allowed {
		t.Fatal("the refunded act is refused")
	}
	c.advance(time.Minute)
	for range 10 {
		_ = m.Refund(context.Background(), ratelimit.All(of("a")))
	}
	if d := take(t, m, of("a")); d.Remaining != 2 {
		t.Fatalf("refunds lifted the key beyond its burst: %+v", d)
	}
}

// TH-4: a clock that jumps back freezes nobody, forward gives at most a burst.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, 366 * 24 * time.Hour} {
		m, c := newMemory(t, 0, tenASecond)
		c.advance(2 * jump)
		for range 3 {
			take(t, m, of("a"))
		}
		c.advance(-jump)
		if d := take(t, m, of("a")); d.RetryAfter > 300*time.Millisecond {
			t.Errorf("back %v: frozen for %v", jump, d.RetryAfter)
		}
		c.advance(2 * jump)
		if d := take(t, m, of("a")); d.Remaining != 2 {
			t.Errorf("forward %v: %+v", jump, d)
		}
	}
}

// Wall jumps cannot be staged on real times; this shows the measuring only.
func TestMonotonicMeasuresFromItsMaking(t *testing.T) {
	at := time.Now()
	since := ratelimit.Monotonic(func() time.Time { return at })
	at = at.Add(time.Second)
	if got := since(); got != time.Second {
		t.Fatalf("got %v", got)
	}
}

// The flood of a botnet does not free an exhausted key, and memory is fixed.
func TestFloodDoesNotResetTheExhausted(t *testing.T) {
	m, _ := newMemory(t, 1024, tenASecond)
	for range 3 {
		take(t, m, of("attacker"))
	}
	for i := range 200_000 {
		take(t, m, of(fmt.Sprint("bot", i)))
	}
	if d := take(t, m, of("attacker")); d.Allowed {
		t.Fatal("a flood of fresh keys made the limiter forget an exhausted one")
	}
}

// PW-22: under the same flood a newcomer still has the whole burst.
func TestFloodDoesNotChargeNewcomers(t *testing.T) {
	m, _ := newMemory(t, 64, tenASecond)
	for i := range 10_000 {
		for range 3 {
			take(t, m, of(fmt.Sprint("bot", i)))
		}
	}
	if d := take(t, m, of("newcomer")); !d.Allowed || d.Remaining != 2 {
		t.Fatalf("%+v", d)
	}
}

func TestParallelTakesNeverExceedTheBurst(t *testing.T) {
	m, _ := newMemory(t, 0, ratelimit.PerMinute("m", 50), tenASecond)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 50 {
				d, err := m.Take(context.Background(), ratelimit.All(
					ratelimit.Key{Limit: "ten", Of: fmt.Sprint(g, i)}, ratelimit.Key{Limit: "m", Of: "shared"}))
				if err == nil && d.Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if allowed.Load() != 50 {
		t.Fatalf("%d of 50 allowed", allowed.Load())
	}
}

func TestUnknownLimitRefuses(t *testing.T) {
	m, _ := newMemory(t, 0, tenASecond)
	d, err := m.Take(context.Background(), ratelimit.All(ratelimit.Key{Limit: "nope"}))
	if d.Allowed || !errors.Is(err, ratelimit.ErrUnknownLimit) {
		t.Fatalf("%+v %v", d, err)
	}
}

func TestFaultyLimits(t *testing.T) {
	for name, limits := range map[string][]ratelimit.Limit{
		"no name":  {{Every: time.Second, Burst: 1}},
		"no rate":  {{Name: "a", Burst: 1}},
		"no burst": {{Name: "a", Every: time.Second}},
		"overflow": {{Name: "a", Every: 1 << 62, Burst: 1_000_000}},
		"twice":    {tenASecond, tenASecond},
	} {
		if _, err := ratelimit.NewMemory(limits, 0, new(clock).now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ratelimit.NewMemory(ratelimit.Defaults(), 0, new(clock).now); err != nil {
		t.Errorf("defaults: %v", err)
	}
}

func TestDecisionErr(t *testing.T) {
	m, _ := newMemory(t, 0, ratelimit.Limit{Name: "one", Every: time.Minute, Burst: 1})
	k := ratelimit.Key{Limit: "one"}
	if err := take(t, m, k).Err(); err != nil {
		t.Fatal(err)
	}
	err := take(t, m, k).Err()
	if !errors.Is(err, ratelimit.ErrLimited) || problem.Of(err).RetryAfter != time.Minute {
		t.Fatalf("%v after %v", err, problem.Of(err).RetryAfter)
	}
}

// PW-20: IPv6 counts by /64.
func TestSource(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":              "192.0.2.7/32",
		"::ffff:192.0.2.7":       "192.0.2.7/32",
		"2001:db8:1:2:3:4:5:6":   "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":   "2001:db8:1:2::/64",
		"fe80::1%eth0":           "fe80::/64",
		"::1":                    "::/64",
		"2001:db8:1:3:3:4:5:6%x": "2001:db8:1:3::/64",
	} {
		if got := ratelimit.Source(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	m, c := newMemory(t, 0, ratelimit.PerMinute("a", 100), ratelimit.PerMinute("b", 100), ratelimit.PerMinute("c", 100))
	var s ratelimit.Store = m
	n := testing.AllocsPerRun(1000, func() {
		c.advance(time.Second)
		d, err := s.Take(context.Background(), ratelimit.All(
			ratelimit.Key{Limit: "a", Of: "192.0.2.1/32"}, ratelimit.Key{Limit: "b", Of: "usr_x"},
			ratelimit.Key{Limit: "c", Of: "usr_x", And: "192.0.2.1/32"}))
		if err != nil || !d.Allowed {
			t.Fatal(d, err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
