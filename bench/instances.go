package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/mortisetest"
)

// instances measures how fast a real instance stands in a test.
func instances(b *bench) error {
	var ours, floors []time.Duration
	var all time.Duration
	const many = 200
	ended := errors.New("an instance did not start")
	measured := false
	testing.Benchmark(func(t *testing.B) {
		if measured {
			return // the harness asks again until it has seen enough
		}
		measured = true
		for range b.rounds(60, 30) {
			begun := time.Now()
			s := httptest.NewServer(http.HandlerFunc(floor.Bare))
			floors = append(floors, time.Since(begun))
			s.Close()
			begun = time.Now()
			mortisetest.NewServer(t)
			ours = append(ours, time.Since(begun))
		}
		begun := time.Now()
		var wg sync.WaitGroup
		for range many {
			wg.Go(func() { mortisetest.NewServer(t) })
		}
		wg.Wait()
		all = time.Since(begun)
		if !t.Failed() {
			ended = nil
		}
	})
	if ended != nil {
		return ended
	}
	o, f := median(ours), median(floors)
	b.add(
		row{"`mortisetest` server, one by one", millis(o), millis(f) + " bare httptest server", "–", "≤ 10 ms", judge(o <= 10*time.Millisecond)},
		row{
			"200 of them at once, all working", fmt.Sprintf("%.2f s", all.Seconds()), "–", fmt.Sprintf("%s each", millis(all/many)),
			"within 2 s", judge(all <= 2*time.Second),
		},
	)
	return nil
}
