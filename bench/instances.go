package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// instances measures how fast a real instance stands in a test.
func instances(b *bench) error {
	n := b.rounds(60, 30)
	var ours, floors []time.Duration
	for range n {
		begun := time.Now()
		s := httptest.NewServer(http.HandlerFunc(floor.Bare))
		floors = append(floors, time.Since(begun))
		s.Close()
		begun = time.Now()
		stop, err := instance(b.ctx)
		if err != nil {
			return err
		}
		ours = append(ours, time.Since(begun))
		if err := stop(); err != nil {
			return err
		}
	}
	const many = 200
	errs := make([]error, many)
	stops := make([]func() error, many)
	begun := time.Now()
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { stops[i], errs[i] = instance(b.ctx) })
	}
	wg.Wait()
	all := time.Since(begun)
	for _, stop := range stops {
		if stop != nil {
			errs = append(errs, stop())
		}
	}
	o, f := median(ours), median(floors)
	b.add(
		row{"an instance in a test, one by one", millis(o), millis(f) + " bare httptest server", "–", "≤ 10 ms", judge(o <= 10*time.Millisecond)},
		row{"200 instances at once", fmt.Sprintf("%.2f s", all.Seconds()), "–", "–", "all work, within 2 s", judge(firstOf(errs...) == nil && all <= 2*time.Second)},
	)
	return firstOf(errs...)
}

// instance opens, wires and serves one instance that answers.
func instance(ctx context.Context) (stop func() error, err error) {
	st, err := sqlite.Memory(ctx, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	cfg := mortise.Dev("http://localhost:8080")
	cfg.Logger = quiet()
	srv, err := mortise.New(ctx, cfg, st)
	if err != nil {
		return nil, firstOf(err, st.Close())
	}
	ended := background(ctx, srv.Run)
	s := httptest.NewServer(srv.Handler())
	stop = func() error {
		s.Close()
		ended()
		return st.Close()
	}
	resp, err := http.Get(s.URL + "/healthz")
	if err != nil {
		return stop, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return stop, fmt.Errorf("an instance answered %s", resp.Status)
	}
	return stop, nil
}
