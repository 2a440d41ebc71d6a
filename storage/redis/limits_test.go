package redis

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/services"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var (
	slow = ratelimit.Limit{Name: "slow", Every: time.Hour, Burst: 12}
	wide = ratelimit.Limit{Name: "wide", Every: time.Minute, Burst: 100}
	own  = ratelimit.Limit{Name: "own", Every: time.Hour, Burst: 5, PerProcess: true}
)

func of(l ratelimit.Limit, who string) ratelimit.Key { return ratelimit.Key{Limit: l.Name, Of: who} }

// replica is one process's counters on the server at url.
type replica struct {
	ratelimit.Store
	server *Server
	clock  *atomic.Int64 // moves the process's own time
}

func join(t *testing.T, url, instance string) replica {
	t.Helper()
	s, err := Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var clock atomic.Int64
	start := time.Now()
	st, err := s.Limits(ratelimit.SharedOptions{
		Instance: instance, Self: secret.New("replica").Reveal(), Key: [32]byte{1}, Limits: []ratelimit.Limit{slow, wide, own},
		Now: func() time.Time { return start.Add(time.Duration(clock.Load())) }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return replica{st, s, &clock}
}

func instance() string { return secret.Code(12).Reveal() }

func (r replica) take(t *testing.T, keys ...ratelimit.Key) ratelimit.Decision {
	t.Helper()
	d, err := r.Take(t.Context(), ratelimit.All(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// allowed takes n times and counts.
func (r replica) allowed(t *testing.T, n int, keys ...ratelimit.Key) (ok int) {
	t.Helper()
	for range n {
		if r.take(t, keys...).Allowed {
			ok++
		}
	}
	return ok
}

// PW-20: three replicas allow together what one would, and tell how long to wait.
func TestReplicasShareACounter(t *testing.T) {
	url, name := testenv.Redis(t), instance()
	var wg sync.WaitGroup
	var total atomic.Int64
	for range 3 {
		r := join(t, url, name)
		wg.Go(func() { total.Add(int64(r.allowed(t, 20, of(slow, "a"), of(wide, "s")))) })
	}
	wg.Wait()
	if total.Load() != int64(slow.Burst) {
		t.Fatalf("%d allowed, want %d", total.Load(), slow.Burst)
	}
	r := join(t, url, name)
	if d := r.take(t, of(slow, "a"), of(wide, "s")); d.Allowed || d.Name != "slow" || d.RetryAfter < 59*time.Minute || d.RetryAfter > time.Hour {
		t.Errorf("refused: %+v", d)
	}
	if d := r.take(t, of(wide, "s")); d.Remaining != wide.Burst-slow.Burst-1 {
		t.Errorf("refusals charged the other key: %+v", d)
	}
	if d := r.take(t, of(slow, "b")); !d.Allowed || d.Remaining != slow.Burst-1 {
		t.Errorf("another key: %+v", d)
	}
	if d := join(t, url, instance()).take(t, of(slow, "a")); !d.Allowed {
		t.Error("another instance shares the counter")
	}
}

// A charge is given back on the server and in the process, never beyond full.
func TestRefund(t *testing.T) {
	url, name := testenv.Redis(t), instance()
	a, b := join(t, url, name), join(t, url, name)
	if n := a.allowed(t, 20, of(slow, "a")); n != slow.Burst {
		t.Fatalf("%d allowed", n)
	}
	for range 3 {
		if err := b.Refund(t.Context(), ratelimit.All(of(slow, "a"), of(slow, "never seen"))); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.allowed(t, 20, of(slow, "a")); n != 3 {
		t.Errorf("after three refunds %d allowed", n)
	}
	if n := a.allowed(t, 20, of(slow, "never seen")); n != slow.Burst {
		t.Errorf("a refund of nothing made %d", n)
	}
}

// What guards a process is not shared; a shared refusal gives its charge back.
func TestPerProcess(t *testing.T) {
	url, name := testenv.Redis(t), instance()
	a, b := join(t, url, name), join(t, url, name)
	if n := a.allowed(t, 10, of(own, "s")); n != own.Burst {
		t.Fatalf("%d allowed", n)
	}
	if n := b.allowed(t, 10, of(own, "s")); n != own.Burst {
		t.Errorf("the other process allowed %d", n)
	}
	a.allowed(t, slow.Burst, of(slow, "x"))
	for range 10 {
		if d := a.take(t, of(own, "t"), of(slow, "x")); d.Allowed || d.Name != "slow" {
			t.Fatalf("%+v", d)
		}
	}
	if n := a.allowed(t, 10, of(own, "t")); n != own.Burst {
		t.Errorf("refusals by the server used up this process: %d left", n)
	}
}

// The server learns neither addresses nor accounts.
func TestNamesAreHashed(t *testing.T) {
	url, name := testenv.Redis(t), instance()
	r := join(t, url, name)
	r.take(t, ratelimit.Key{Limit: slow.Name, Of: "192.0.2.7", And: "ada@example.test"})
	keys, err := redis.Strings(r.server.do(t.Context(), "KEYS", "mortise:{"+name+"}*"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v %v", keys, err)
	}
	if strings.Contains(keys[0], "192.0.2") || strings.Contains(keys[0], "ada") {
		t.Errorf("key %q", keys[0])
	}
	if ttl, err := redis.Int64(r.server.do(t.Context(), "PTTL", keys[0])); err != nil || ttl <= 0 || ttl > (slow.Every+time.Second).Milliseconds() {
		t.Errorf("kept for %v %v", ttl, err)
	}
}

// TH-27: killed in the middle, the processes go on at the limit divided by their
// number.
func TestServerDies(t *testing.T) {
	s, err := services.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := instance()
	a, b := join(t, s.URL, name), join(t, s.URL, name)
	a.allowed(t, 3, of(slow, "a"))
	a.server.room.replicas.Store(3)
	b.server.room.replicas.Store(3)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	share := slow.Burst / 3
	if n := a.allowed(t, 20, of(slow, "a")); n != share {
		t.Errorf("alone: %d allowed, want %d", n, share)
	}
	if n := b.allowed(t, 20, of(slow, "a")); n != share {
		t.Errorf("the other, alone: %d allowed, want %d", n, share)
	}
	if n := a.allowed(t, 20, of(own, "a")); n != own.Burst {
		t.Errorf("what was never shared: %d", n)
	}
}

// TH-27: FLUSHALL forgets charges; nothing else comes of it, and scripts are
// loaded again.
func TestFlushAll(t *testing.T) {
	s, err := services.Redis(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	r := join(t, s.URL, instance())
	r.allowed(t, 20, of(slow, "a"))
	for _, command := range [][]any{{"FLUSHALL"}, {"SCRIPT", "FLUSH"}} {
		if _, err := r.server.do(t.Context(), command[0].(string), command[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.allowed(t, 20, of(slow, "a")); n != slow.Burst {
		t.Errorf("%d allowed after everything was forgotten", n)
	}
}

// TH-27: a server that swallows questions costs one decision its patience, and is
// left alone for a second; its late answers reach nobody.
func TestBlackHole(t *testing.T) {
	hole, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hole.Close() }()
	var dials atomic.Int64
	go func() {
		for {
			c, err := hole.Accept()
			if err != nil {
				return
			}
			dials.Add(1)
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	r := join(t, "redis://"+hole.Addr().String(), instance())
	if n := r.allowed(t, 20, of(slow, "a")); n != slow.Burst {
		t.Errorf("%d allowed", n)
	}
	before := dials.Load()
	r.allowed(t, 100, of(slow, "b"))
	if dials.Load() != before {
		t.Error("the server was not left alone")
	}
	r.clock.Add(int64(pause))
	r.allowed(t, 1, of(slow, "c"))
	if dials.Load() == before {
		t.Error("the server was not asked again")
	}
}

// A caller that gives up is told so, and says nothing about the server.
func TestCallerGivesUp(t *testing.T) {
	r := join(t, testenv.Redis(t), instance())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Take(ctx, ratelimit.All(of(slow, "a"))); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if !r.Store.(*limits).answers() {
		t.Error("the server counts as away")
	}
	if d := r.take(t, of(slow, "a")); d.Remaining != slow.Burst-1 {
		t.Errorf("the abandoned decision was charged: %+v", d)
	}
}

// A late answer never reaches another caller: decisions abandoned half-way
// leave every later one its own key.
func TestLateAnswersReachNobody(t *testing.T) {
	r := join(t, testenv.Redis(t), instance())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			who := of(wide, string(rune('a'+i)))
			for range 50 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
				_, _ = r.Take(ctx, ratelimit.All(of(slow, "noise")))
				cancel()
				if d, err := r.Take(t.Context(), ratelimit.All(who)); err != nil || d.Name != wide.Name {
					t.Errorf("%+v %v", d, err)
				}
			}
		})
	}
	wg.Wait()
}

// One notice wakes every replica; many at once are one.
func TestWake(t *testing.T) {
	url, name := testenv.Redis(t), instance()
	a, b := join(t, url, name), join(t, url, name)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, r := range []replica{a, b} {
		wg.Go(func() { _ = r.server.Run(ctx) })
	}
	for woken := false; !woken; { // until the subscription stands
		a.server.Notify()
		select {
		case <-b.server.Wake():
			woken = true
		case <-t.Context().Done():
			t.Fatal("never woken")
		case <-time.After(time.Millisecond):
		}
	}
	for a.server.Replicas() != 2 && b.server.Replicas() != 2 {
		if ctx.Err() != nil {
			t.Fatal("nobody counted the replicas")
		}
		time.Sleep(time.Millisecond)
	}
	stop()
	wg.Wait()
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"", "http://h", "redis://h:port"} {
		if _, err := Open(url); err == nil {
			t.Errorf("%q was taken", url)
		}
	}
	if _, err := Open("redis://u:hunter2@h:x"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("said %v", err)
	}
	r := join(t, testenv.Redis(t), instance())
	if _, err := r.server.Limits(ratelimit.SharedOptions{}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second instance: %v", err)
	}
}
