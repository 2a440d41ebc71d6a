package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts how a flood was answered.
type tally struct{ done, refused, unhelpful, other atomic.Int64 }

// flood measures what 200 connections of password sign-ins do to the rest.
func flood(b *bench) error {
	const connections = 200
	dir := filepath.Join(b.tmp, "flood")
	people, err := b.seed(dir, connections+1)
	if err != nil {
		return err
	}
	p, err := b.front(dir)
	if err != nil {
		return err
	}
	defer p.stop()
	span := time.Duration(b.rounds(10, 5)) * time.Second
	check := get(p.addr, "/private", people[connections].cookie())
	calm, err := load(p.addr, check, 4, span/2, 0, true)
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	if err := forgetPeak(p.pid()); err != nil {
		return err
	}
	idle, err := memoryOf(p.pid())
	if err != nil {
		return err
	}
	var t tally
	generator, server := ownCPU(), cpuOf(p.pid())
	stop := rush(p, people[:connections], &t)
	time.Sleep(span / 10)
	during, err := load(p.addr, check, 4, span, 0, true)
	stop()
	generator, server = ownCPU()-generator, cpuOf(p.pid())-server
	if err != nil {
		return err
	}
	after, err := memoryOf(p.pid())
	if err != nil {
		return err
	}
	b.floodRows(calm, during, idle, after, &t, p.alive())
	b.note("The host program gives its collector the room that the command does: 16 MiB and two hashes while sign-ins wait, five while none does.")
	b.note("Flood: %d sign-ins done, %d refused with Retry-After within %s; CPU of the server %s, of the generator %s (it shares the cores).",
		t.done.Load(), t.refused.Load(), span+span/10, server.Round(time.Millisecond), generator.Round(time.Millisecond))
	return nil
}

func (b *bench) floodRows(calm, during burst, idle, after memory, t *tally, alive bool) {
	const hash = 19 << 20
	allowed := int64(runtime.NumCPU())*hash + 24<<20
	kept := during.rate() / calm.rate()
	b.add(
		row{
			"flood of 200 connections signing in: peak memory", mib(after.peak), mib(idle.now) + " idle", "+" + mib(after.peak-idle.now),
			fmt.Sprintf("≤ idle + %d × 19 MiB + 24 MiB (+%s)", runtime.NumCPU(), mib(allowed)), judge(after.peak-idle.now <= allowed),
		},
		row{
			"session checks meanwhile: p99", millis(during.p99()), millis(calm.p99()) + " undisturbed", "–", "≤ 50 ms",
			judge(during.p99() <= 50*time.Millisecond && during.wrong == 0),
		},
		row{
			"session checks meanwhile: rate", fmt.Sprintf("%.0f/s", during.rate()), fmt.Sprintf("%.0f/s undisturbed", calm.rate()),
			fmt.Sprintf("%.0f %%", 100*kept), "≥ 35 %", judge(kept >= 0.35),
		},
		row{
			"the flood's answers", fmt.Sprintf("%d × 200, %d × 429/503 with Retry-After, %d others", t.done.Load(), t.refused.Load(), t.unhelpful.Load()+t.other.Load()),
			"–", "–", "nothing else, no process death", judge(alive && t.done.Load() > 0 && t.unhelpful.Load()+t.other.Load() == 0),
		},
	)
}

// rush signs everybody in again and again, each over a connection of their own
// and from an address of their own, until stop is called.
func rush(p *process, people []account, t *tally) (stop func()) {
	over := make(chan struct{})
	var wg sync.WaitGroup
	for i, a := range people {
		wg.Go(func() { insist(p, a, i, t, over) })
	}
	return func() { close(over); wg.Wait() }
}

func insist(p *process, a account, i int, t *tally, over <-chan struct{}) {
	request := signInRequest(p.addr, signInPath, a.email, passphrase, "", 0x1000+i<<8)
	var c *conn
	for {
		select {
		case <-over:
			return
		default:
		}
		var err error
		if c == nil {
			if c, err = dial(p.addr); err != nil {
				t.other.Add(1)
				return
			}
			defer c.Close()
		}
		r, err := c.do(request)
		switch {
		case err != nil:
			t.other.Add(1)
			return
		case r.status == http.StatusOK:
			t.done.Add(1)
		case r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable:
			if r.after <= 0 {
				t.unhelpful.Add(1)
				r.after = time.Second
			} else {
				t.refused.Add(1)
			}
			select {
			case <-over:
				return
			case <-time.After(r.after):
			}
		default:
			t.other.Add(1)
		}
	}
}
