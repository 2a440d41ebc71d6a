package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// inProcess measures a warm session check as the handlers behind Require feel it.
func inProcess(b *bench) error {
	st, err := sqlite.Memory(b.ctx, sqlite.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	people, err := populate(b.ctx, st, 1)
	if err != nil {
		return err
	}
	srv, err := mortise.New(b.ctx, mortise.Config{URL: "http://localhost", SecretKey: master, Logger: quiet()}, st)
	if err != nil {
		return err
	}
	stop := background(b.ctx, srv.Run)
	defer stop()
	time.Sleep(50 * time.Millisecond) // the first proof of freshness

	bare := http.HandlerFunc(floor.Bare)
	required := srv.Require()(bare)
	r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, "/private", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Cookie", people[0].cookie())
	var ours, floors, above, objects []float64
	for range b.rounds(15, 7) {
		f, fa := perCall(bare, r)
		o, oa := perCall(required, r)
		ours, floors, above, objects = append(ours, o), append(floors, f), append(above, o-f), append(objects, oa-fa)
	}
	ns, allocs := median(above), median(objects)
	b.add(row{
		"warm session check in `Require`, in-process", fmt.Sprintf("%.0f ns", median(ours)), fmt.Sprintf("%.0f ns", median(floors)),
		fmt.Sprintf("+%.0f ns, +%.0f allocations", ns, allocs), "≤ 1 µs and ≤ 2 allocations above", judge(ns <= 1000 && allocs <= 2),
	})
	return nil
}

// sink is a ResponseWriter that costs nothing.
type sink struct{ h http.Header }

func (s sink) Header() http.Header             { return s.h }
func (sink) Write(b []byte) (int, error)       { return len(b), nil }
func (sink) WriteString(t string) (int, error) { return len(t), nil }
func (sink) WriteHeader(int)                   {}

// perCall is the processor time in nanoseconds and the allocations of one call.
func perCall(h http.Handler, r *http.Request) (ns, allocs float64) {
	const n = 100_000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w := sink{make(http.Header)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := threadCPU()
	for range n {
		h.ServeHTTP(w, r)
	}
	spent := threadCPU() - begun
	runtime.ReadMemStats(&after)
	return float64(spent) / n, float64((after.Mallocs - before.Mallocs) / n)
}

// overLoopback measures the same check over connections, and after a restart.
func overLoopback(b *bench) error {
	dir := filepath.Join(b.tmp, "loopback")
	people, err := b.seed(dir, 1)
	if err != nil {
		return err
	}
	host, err := b.server("host", dir, master)
	if err != nil {
		return err
	}
	defer func() { host.stop() }()
	session, err := b.server("session", people[0].secret)
	if err != nil {
		return err
	}
	defer session.stop()
	bare, err := b.server("bare")
	if err != nil {
		return err
	}
	defer bare.stop()

	span := time.Duration(b.rounds(1000, 500)) * time.Millisecond
	var cpu, floorCPU, bareCPU, ratio, rate, rates, floorRates []float64
	for range b.rounds(9, 5) {
		n, err := checks(bare, "", span)
		f, err1 := checks(session, people[0].cookie(), span)
		o, err2 := checks(host, people[0].cookie(), span)
		if err := firstOf(err, err1, err2); err != nil {
			return err
		}
		cpu, floorCPU, bareCPU = append(cpu, o.cpu), append(floorCPU, f.cpu), append(bareCPU, n.cpu)
		rates, floorRates = append(rates, o.rate), append(floorRates, f.rate)
		ratio, rate = append(ratio, o.cpu/f.cpu), append(rate, o.rate/f.rate)
	}
	x, y := median(ratio), median(rate)
	b.add(
		row{
			"the same over loopback, CPU of a request", fmt.Sprintf("%.1f µs", median(cpu)),
			fmt.Sprintf("%.1f µs (no check: %.1f)", median(floorCPU), median(bareCPU)), times(x), "≤ 1.3 × a bare session check", judge(x <= 1.3),
		},
		row{
			"the same, requests per second, 8 connections", fmt.Sprintf("%.0f", median(rates)), fmt.Sprintf("%.0f", median(floorRates)),
			fmt.Sprintf("%.0f %%", 100*y), "≥ 80 %", judge(y >= 0.8),
		},
	)
	addr := host.addr
	host.kill()
	if host, err = b.serverAt(addr, "host", nil, dir, master); err != nil {
		return err
	}
	after, err := load(addr, get(addr, "/private", people[0].cookie()), 1, time.Second, 10, false)
	if err != nil {
		return err
	}
	b.add(row{
		"the same session after `kill -9` and a restart", fmt.Sprintf("%d of %d answered 200", after.requests-after.wrong, after.requests),
		"–", "–", "still valid", judge(after.wrong == 0 && after.requests > 0),
	})
	return nil
}

// cost is what requests to a server took.
type cost struct{ cpu, rate float64 } // µs of CPU per request, requests per second

func checks(p *process, cookie string, span time.Duration) (cost, error) {
	return costOf(p, get(p.addr, "/private", cookie), span)
}
