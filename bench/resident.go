package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// resident measures memory, idle and after work.
func resident(b *bench) error {
	dir := filepath.Join(b.tmp, "resident")
	people, err := b.seed(dir, 200)
	if err != nil {
		return err
	}
	p, err := b.front(dir)
	if err != nil {
		return err
	}
	defer p.stop()
	bare, err := b.server("bare")
	if err != nil {
		return err
	}
	defer bare.stop()
	time.Sleep(3 * time.Second)
	idle, err := memoryOf(p.pid())
	none, err1 := memoryOf(bare.pid())
	if err := firstOf(err, err1); err != nil {
		return err
	}
	signIns, checks := b.rounds(2000, 300), b.rounds(1_000_000, 150_000)
	if err := many(p, people, signIns); err != nil {
		return err
	}
	done, err := load(p.addr, get(p.addr, "/private", people[0].cookie()), 8, 3*time.Minute, checks, false)
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	worked, err := memoryOf(p.pid())
	if err != nil {
		return err
	}
	b.add(
		row{"resident memory, idle", mib(idle.now), mib(none.now) + " bare server", "+" + mib(idle.now-none.now), "≤ 30 MB", judge(idle.now <= 30e6)},
		row{
			fmt.Sprintf("resident memory after %d sign-ins and %d checks", signIns, done.requests), mib(worked.now), "–",
			mib(worked.peak) + " at the peak", "≤ 60 MB", judge(worked.now <= 60e6 && done.wrong == 0),
		},
	)
	return nil
}

// many signs people in, n times in all, two at a time.
func many(p *process, people []account, n int) error {
	var next atomic.Int64
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			c, err := dial(p.addr)
			if err != nil {
				errs[w] = err
				return
			}
			defer c.Close()
			for errs[w] == nil {
				i := int(next.Add(1))
				if i > n {
					return
				}
				a := people[i%len(people)]
				var r reply
				r, errs[w] = c.do(signInRequest(p.addr, signInPath, a.email, passphrase, "", 0x20000+i))
				if errs[w] == nil && r.status != http.StatusOK {
					errs[w] = fmt.Errorf("sign-in %d answered %d", i, r.status)
				}
			}
		})
	}
	wg.Wait()
	return firstOf(errs...)
}
