package registry

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
)

// acts counts the clients of each act.
type acts struct {
	Clients
	sizes []int
	all   map[client.ID]bool
}

func (a *acts) Used(_ context.Context, at map[client.ID]time.Time) error {
	a.sizes = append(a.sizes, len(at))
	for id := range at {
		a.all[id] = true
	}
	return nil
}

// TH-26: the last uses of many clients are written in acts of a few.
func TestUsesOfManyClients(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 200: 1, 201: 2, 1000: 5} {
		a := &acts{all: map[client.ID]bool{}}
		r := New(Options{Clients: a, Now: time.Now})
		for i := range n {
			r.used[client.ID(fmt.Sprintf("app-%d", i))] = time.Now()
		}
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, size := range a.sizes {
			if size > perAct {
				t.Errorf("%d clients in one act", size)
			}
		}
		if len(a.sizes) != want || len(a.all) != n {
			t.Errorf("%d clients: %d acts with %d of them, want %d acts", n, len(a.sizes), len(a.all), want)
		}
	}
}
