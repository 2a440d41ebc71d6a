package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// supply makes questions, for example such as can be asked once only.
type supply struct {
	addr string
	cpu  func() time.Duration
	want string // in every answer
	// next makes n fresh ones, outside of what is measured.
	next   func(n int) ([][]byte, error)
	status int // of every answer
}

func (b *bench) supply(p *process, want string, next func(int) ([][]byte, error)) *supply {
	return &supply{p.addr, func() time.Duration { return cpuOf(p.pid()) }, want, next, http.StatusOK}
}

// once takes from all until there are no more.
func once(all [][]byte) func(int) ([][]byte, error) {
	return func(n int) (some [][]byte, err error) {
		if n > len(all) {
			return nil, fmt.Errorf("bench: %d questions are not enough", len(all))
		}
		some, all = all[:n], all[n:]
		return some, nil
	}
}

// cycle takes from all again and again.
func cycle(all [][]byte) func(int) ([][]byte, error) {
	at := 0
	return func(n int) ([][]byte, error) {
		some := make([][]byte, n)
		for i := range some {
			some[i] = all[at%len(all)]
			at++
		}
		return some, nil
	}
}

// spend asks n questions over so many connections.
func (s *supply) spend(n, conns int) (cost, error) {
	all, err := s.next(n)
	if err != nil {
		return cost{}, err
	}
	errs := make([]error, conns)
	begun, spent := time.Now(), s.cpu()
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() { errs[i] = s.share(all[i*n/conns : (i+1)*n/conns]) })
	}
	wg.Wait()
	took, used := time.Since(begun), s.cpu()-spent
	return cost{float64(used) / 1e3 / float64(n), float64(n) / took.Seconds()}, errors.Join(errs...)
}

func (s *supply) share(all [][]byte) error {
	c, err := dial(s.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	c.keep = true
	for _, q := range all {
		r, err := c.do(q)
		if err != nil {
			return err
		}
		if r.status != s.status || !bytes.Contains(c.body, []byte(s.want)) {
			return fmt.Errorf("answered %d %.200s", r.status, c.body)
		}
	}
	return nil
}

// inTurns asks two servers n questions each in turns: of each the usual cost, and of
// ours how many times that of the other.
func (b *bench) inTurns(ours, other *supply, n, conns int) (o, f, ratio float64, err error) {
	var os, fs, ratios []float64
	for round := range 1 + b.rounds(9, 5) {
		f, err := other.spend(n, conns)
		o, err1 := ours.spend(n, conns)
		if err := firstOf(err, err1); err != nil {
			return 0, 0, 0, err
		}
		if round == 0 {
			continue // warm
		}
		os, fs, ratios = append(os, o.cpu), append(fs, f.cpu), append(ratios, o.cpu/f.cpu)
	}
	return median(os), median(fs), median(ratios), nil
}

// needed is how many questions inTurns takes.
func (b *bench) needed(n int) int { return n * (1 + b.rounds(9, 5)) }
