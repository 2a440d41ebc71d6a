package registry

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
)

// usedEvery is how often last uses are written, and how exact they are.
const usedEvery = time.Minute

// perAct bounds the rows of one act, so that no write holds others up (TH-26).
const perAct = 200

// note remembers that a client authenticated.
func (r *Registry) note(ctx context.Context, c client.Client, now time.Time) {
	now = now.UTC().Truncate(time.Microsecond)
	if r.running.Load() {
		r.mu.Lock()
		r.used[c.ID] = now
		r.mu.Unlock()
		return
	}
	// Nothing is kept in memory then, so LastUsedAt is what the store has.
	if now.Sub(c.LastUsedAt) < usedEvery {
		return
	}
	if err := r.o.Clients.Used(ctx, map[client.ID]time.Time{c.ID: now}); err != nil {
		r.o.Log.Warn("last use of a client was not recorded", "client", c.ID, "error", err)
	}
}

// Run writes last uses once a minute until ctx ends, and a last time then.
func (r *Registry) Run(ctx context.Context) error {
	r.running.Store(true)
	defer r.running.Store(false)
	tick := time.NewTicker(usedEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return r.Flush(last)
		case <-tick.C:
			if err := r.Flush(ctx); err != nil {
				r.o.Log.Warn("last uses of clients were not recorded", "error", err)
			}
		}
	}
}

// Flush writes the uses noted so far.
func (r *Registry) Flush(ctx context.Context) error {
	r.mu.Lock()
	used := r.used
	r.used = make(map[client.ID]time.Time, len(used))
	r.mu.Unlock()
	some := make(map[client.ID]time.Time, min(len(used), perAct))
	for id, at := range used {
		if some[id] = at; len(some) < perAct {
			continue
		}
		if err := r.o.Clients.Used(ctx, some); err != nil {
			return err
		}
		clear(some)
	}
	if len(some) == 0 {
		return nil
	}
	return r.o.Clients.Used(ctx, some)
}
