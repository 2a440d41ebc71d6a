package signing

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/user"
)

// begin makes the keys that a store always has, in one act: no first key waits,
// because nobody can have fetched a set without it (JW-43).
func (r *Ring) begin(ctx context.Context) error {
	r.making.Lock()
	defer r.making.Unlock()
	var keys []Key
	now, have := r.now(), r.snap.Load()
	for _, p := range always {
		if _, ok := have.in(p, Current); ok {
			continue
		}
		k, err := r.make(p, Current, now, now)
		if err != nil {
			return err
		}
		keys = append(keys, k)
		if _, ok := have.in(p, Next); ok || r.schedule.ahead(p.use) < r.schedule.Rotate {
			continue
		}
		if k, err = r.make(p, Next, now, r.schedule.due(now, now)); err != nil {
			return err
		}
		keys = append(keys, k)
	}
	return r.add(ctx, user.System(), keys)
}

// first makes the first key of p, unless somebody was quicker.
func (r *Ring) first(ctx context.Context, p place) (*snapshot, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	r.making.Lock()
	defer r.making.Unlock()
	s, err := r.reload(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := s.in(p, Current); ok {
		return s, nil
	}
	now := r.now()
	k, err := r.make(p, Current, now, now)
	if err != nil {
		return nil, err
	}
	err = r.add(ctx, user.System(), []Key{k})
	return r.snap.Load(), err
}

// add keeps keys and reads what is there then: ours, or those of a replica that
// was quicker.
func (r *Ring) add(ctx context.Context, by user.Caller, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	events := make([]audit.Event, len(keys))
	for i, k := range keys {
		events[i] = about(by, Created, k, k.CreatedAt).With("state", string(k.State))
	}
	if err := r.o.Store.Add(ctx, keys, events...); err != nil && !errors.Is(err, ErrMoved) {
		return err
	}
	return r.Reload(ctx)
}

// Want has the first key of an algorithm for tokens made in the background, if
// there is none: an RSA key takes a tenth of a second. Without Run it is made
// when it is needed.
func (r *Ring) Want(alg jose.Algorithm) {
	p := place{Token, alg}
	if _, ok := r.snap.Load().current[p]; ok || p.check() != nil {
		return
	}
	select {
	case r.wanted <- p:
	default: // enough are waiting; Current makes it
	}
}
