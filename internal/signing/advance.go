package signing

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Advance takes the steps that are due: it publishes successors, promotes them,
// and removes what is over. Several replicas may do so at once. While the clock
// cannot be trusted it does nothing (TH-4).
func (r *Ring) Advance(ctx context.Context) error {
	if !r.o.Steady() {
		return nil
	}
	s, err := r.reload(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range s.places() {
		errs = append(errs, r.advance(ctx, s, p))
	}
	errs = append(errs, r.Reload(ctx), r.begin(ctx))
	return errors.Join(errs...)
}

// advance promotes, then publishes, then removes, so that a key that has just
// become current has its own successor published with it where it must (TH-19).
func (r *Ring) advance(ctx context.Context, s *snapshot, p place) error {
	now := r.now()
	var errs []error
	current, signs := s.in(p, Current)
	next, follows := s.in(p, Next)
	if signs && follows && r.ripe(next, now) {
		errs = append(errs, r.promote(ctx, user.System(), next, current, now))
		next.CurrentAt = now
		current, follows = next, false
	}
	if signs && !follows && !now.Before(current.CurrentAt.Add(r.schedule.Rotate-r.schedule.ahead(p.use))) {
		_, err := r.publish(ctx, user.System(), current, now, r.schedule.due(now, current.CurrentAt))
		errs = append(errs, err)
	}
	for _, k := range s.keys {
		if k.Use == p.use && k.Algorithm == p.alg && k.State == Retiring && !now.Before(k.RetiredAt.Add(r.schedule.keep())) {
			errs = append(errs, r.remove(ctx, k, now))
		}
	}
	return errors.Join(errs...)
}

// ripe reports whether k may sign: it is its time, and everybody has it (JW-42).
func (r *Ring) ripe(k Key, now time.Time) bool {
	return !now.Before(k.DueAt) && r.known(k, now)
}

// known reports whether everybody has had time to fetch k.
func (r *Ring) known(k Key, now time.Time) bool {
	return r.o.Steady() && !now.Before(k.CreatedAt.Add(r.schedule.Publish))
}

func (r *Ring) promote(ctx context.Context, by user.Caller, next, current Key, now time.Time) error {
	err := r.o.Store.Promote(ctx, next.ID, current.ID, now, now.Add(-r.schedule.Publish),
		about(by, Promoted, next, now).With("replaces", current.ID), about(by, Retired, current, now))
	return unlessMoved(err)
}

// publish makes the successor of current and returns it. One that a wrong clock
// dated back would seem to be known to everybody.
func (r *Ring) publish(ctx context.Context, by user.Caller, current Key, now, due time.Time) (Key, error) {
	if !r.o.Steady() || now.Before(current.CurrentAt) {
		return Key{}, ErrClock
	}
	k, err := r.make(place{current.Use, current.Algorithm}, Next, now, due)
	if err != nil {
		return k, err
	}
	return k, r.add(ctx, by, []Key{k})
}

func (r *Ring) remove(ctx context.Context, k Key, now time.Time) error {
	return unlessMoved(r.o.Store.Remove(ctx, k.ID, now, now.Add(-r.schedule.keep()), about(user.System(), Removed, k, now)))
}

// unlessMoved forgives that another replica took the step.
func unlessMoved(err error) error {
	if errors.Is(err, ErrMoved) {
		return nil
	}
	return err
}

// about starts an event about k.
func about(by user.Caller, n audit.Name, k Key, now time.Time) audit.Event {
	return audit.New(n, now, by.Actor, by.Source, k.ID).InSession(by.Session).
		With("use", string(k.Use)).With("algorithm", string(k.Algorithm))
}
