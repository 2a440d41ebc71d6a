package signing

import (
	"context"
	"time"
)

const (
	reloadEvery  = 2 * time.Second
	advanceEvery = time.Minute
)

// Wake says that the store has changed: whoever asks next what is published, or
// signs, waits until it was read again, and Run reads it now. So a verifier that
// hears of a dead key finds the new one in the set that it then fetches.
func (r *Ring) Wake() {
	r.woken.Add(1)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run keeps the view fresh, makes keys that are wanted, and steps through the
// schedule, until ctx ends. Without it the store is read before signing, and nothing rotates.
func (r *Ring) Run(ctx context.Context) error {
	read, step := time.NewTicker(reloadEvery), time.NewTicker(advanceEvery)
	defer read.Stop()
	defer step.Stop()
	r.try(ctx, "moved on", r.Advance)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-read.C:
			r.try(ctx, "read", r.Reload)
		case <-r.wake:
			r.try(ctx, "read", r.Reload)
		case <-step.C:
			r.try(ctx, "moved on", r.Advance)
		case p := <-r.wanted:
			r.try(ctx, "made", func(ctx context.Context) error {
				_, err := r.first(ctx, p)
				return err
			})
		}
	}
}

func (r *Ring) try(ctx context.Context, what string, do func(context.Context) error) {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := do(limited); err != nil && ctx.Err() == nil {
		r.o.Log.Warn("signing keys were not "+what+"; it is tried again", "error", err)
	}
}
