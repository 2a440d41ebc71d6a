package signing

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/user"
)

// Keys returns every key there ever was, oldest first.
func (r *Ring) Keys(ctx context.Context) ([]Key, error) { return r.o.Store.All(ctx) }

// Rotate replaces the current key of a use and algorithm as soon as its successor
// was published for Schedule.Publish: at once where it was, else when the schedule
// gets there. It returns the successor; its State and DueAt tell. Errors: ErrUse,
// ErrAlgorithm, ErrMoved, ErrClock.
func (r *Ring) Rotate(ctx context.Context, by user.Caller, u Use, alg jose.Algorithm) (Key, error) {
	p := place{u, alg}
	if err := p.check(); err != nil {
		return Key{}, err
	}
	s, err := r.reload(ctx)
	if err != nil {
		return Key{}, err
	}
	current, ok := s.in(p, Current)
	if !ok {
		s, err := r.first(ctx, p)
		if err != nil {
			return Key{}, err
		}
		current, _ = s.in(p, Current)
		return current, nil
	}
	now := r.now()
	next, ok := s.in(p, Next)
	if !ok {
		next, err = r.publish(ctx, by, current, now, now.Add(r.schedule.Publish))
	} else {
		err = r.hasten(ctx, by, next, current, now)
	}
	if err := errors.Join(err, r.Reload(ctx)); err != nil {
		return next, err
	}
	return r.Key(ctx, next.ID)
}

// hasten makes next due as soon as everybody knows it, which may be now.
func (r *Ring) hasten(ctx context.Context, by user.Caller, next, current Key, now time.Time) error {
	if due := next.CreatedAt.Add(r.schedule.Publish); due.Before(next.DueAt) {
		if err := r.o.Store.Hasten(ctx, next.ID, due, about(by, Hastened, next, now)); err != nil {
			return err
		}
	}
	if !r.known(next, now) {
		return nil
	}
	return r.promote(ctx, by, next, current, now)
}

// Key returns one key, gone or not, or ErrUnknown.
func (r *Ring) Key(ctx context.Context, id string) (Key, error) {
	all, err := r.o.Store.All(ctx)
	if err != nil {
		return Key{}, err
	}
	for _, k := range all {
		if k.ID == id {
			return k, nil
		}
	}
	return Key{}, ErrUnknown
}

// Replace is the emergency: every key of a use and algorithm is taken for stolen,
// those that wait and those that only verify included. A new key signs at once,
// and a kid entry for each old one overrides every cached set (TH-19). Whatever
// they signed is dead; sessions are not touched. It returns the new key.
func (r *Ring) Replace(ctx context.Context, by user.Caller, u Use, alg jose.Algorithm) (Key, error) {
	p := place{u, alg}
	if err := p.check(); err != nil {
		return Key{}, err
	}
	r.making.Lock()
	defer r.making.Unlock()
	now := r.now()
	fresh, err := r.make(p, Current, now, now)
	if err != nil {
		return fresh, err
	}
	all, err := r.o.Store.Live(ctx) // those that are not authentic too
	if err != nil {
		return fresh, err
	}
	var gone []string
	events := []audit.Event{about(by, Created, fresh, now).With("state", string(Current))}
	for _, k := range all {
		if k.Use == u && k.Algorithm == alg {
			gone = append(gone, k.ID)
			events = append(events, about(by, Compromised, k, now).With("replaced_by", fresh.ID))
		}
	}
	if err := r.o.Store.Replace(ctx, fresh, gone, now, events...); err != nil {
		return fresh, err
	}
	return fresh, r.Reload(ctx)
}

// Retire ends one key. One that waits is withdrawn; one that only verifies is
// gone at once, and what it signed with it; one that signs gives way to its
// successor if that is ripe, else ErrNoSuccessor. It returns the key as it is
// then. Errors: ErrUnknown, ErrMoved.
func (r *Ring) Retire(ctx context.Context, by user.Caller, id string) (Key, error) {
	s, err := r.reload(ctx)
	if err != nil {
		return Key{}, err
	}
	k, err := s.find(id)
	if err != nil {
		return k, err
	}
	now := r.now()
	if k.State == Current {
		err = r.giveWay(ctx, by, s, k)
	} else {
		err = r.o.Store.Withdraw(ctx, k.ID, k.State, now, about(by, Removed, k, now).With("state", string(k.State)))
	}
	if err != nil {
		return k, err
	}
	if err := r.Reload(ctx); err != nil {
		return k, err
	}
	return r.Key(ctx, id)
}

func (r *Ring) giveWay(ctx context.Context, by user.Caller, s *snapshot, current Key) error {
	now := r.now()
	next, ok := s.in(place{current.Use, current.Algorithm}, Next)
	if !ok || !r.known(next, now) {
		return ErrNoSuccessor
	}
	return r.o.Store.Promote(ctx, next.ID, current.ID, now, now.Add(-r.schedule.Publish),
		about(by, Promoted, next, now).With("replaces", current.ID), about(by, Retired, current, now))
}
