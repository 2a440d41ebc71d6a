package publish

import "context"

// Stream emits what Answer would, then what is new as it comes, and an empty
// batch each Heartbeat, until ctx ends or the follower must begin again
// (ErrGone). Batches deliver; being pushed, they prove nothing about when they
// were asked for (TH-14).
func (p *Publisher) Stream(ctx context.Context, q Poll, emit Emit) error {
	a, err := p.open(ctx, q, emit)
	if err != nil {
		return err
	}
	p.counts.streams.Add(1)
	defer p.counts.streams.Add(-1)
	if q.Cursor == "" {
		if err := a.snapshot(ctx); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		if _, err := p.current(ctx, p.o.Now().Add(-Heartbeat)); err != nil {
			return err
		}
		if err := a.tail(ctx, Heartbeat); err != nil {
			return err
		}
	}
	return ctx.Err()
}
