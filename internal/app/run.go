package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/idempotency"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/oauth"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/totp"
)

// Run does the work behind the requests until ctx ends: it follows revocations,
// sends mail, records last uses, and sweeps what is over. Without it everything
// stays correct, only slower: sessions are checked in the store and mail waits.
func (a *App) Run(ctx context.Context) error {
	if !a.known.running.CompareAndSwap(false, true) {
		return errors.New("app: Run was called twice")
	}
	defer a.known.running.Store(false)
	jobs := []func(context.Context) error{
		a.follower.Run, a.Auth.Run, a.Registry.Run, a.worker.Run, a.Logouts.Run, a.Signing.Run, a.wakes, a.watchClock, a.sweep, a.watchDomains, a.Decisions.Run, a.tally,
	}
	if a.c.Shared != nil {
		jobs = append(jobs, a.c.Shared.Run)
	}
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for i, job := range jobs {
		wg.Go(func() {
			if err := job(ctx); !errors.Is(err, context.Canceled) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(errors.Join(errs...), a.stopped())
}

func (a *App) stopped() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	ev := audit.New(instance.Stopped, a.now(), audit.Actor{Type: audit.ActorSystem}, audit.Source{}, "")
	return a.store.Audit().Append(ctx, ev)
}

// wakes lets notifications, where there are any, start a poll. They
// prove nothing by themselves (TH-27).
func (a *App) wakes(ctx context.Context) error {
	var store, shared <-chan struct{} // a nil channel never speaks
	if w, ok := a.store.(interface{ Wake() <-chan struct{} }); ok {
		store = w.Wake()
	}
	if a.c.Shared != nil {
		shared = a.c.Shared.Wake()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-store:
		case <-shared:
		}
		a.follower.Wake()
	}
}

// watchClock compares the clocks. A store in this very process has no clock of
// its own to compare with.
func (a *App) watchClock(ctx context.Context) error {
	database, remote := clock.Database(a.store), a.store.Engine() != "sqlite"
	return every(ctx, time.Second, func() {
		a.guard.Check()
		if remote {
			if _, err := a.guard.CheckDatabase(ctx, database); err != nil && ctx.Err() == nil {
				a.c.Log.Debug("the database's clock was not read", "error", err)
			}
		}
	})
}

// tally tells how many tokens programs got for themselves.
func (a *App) tally(ctx context.Context) error {
	err := every(ctx, oauth.TallyEvery, func() {
		if err := a.OAuth.Flush(ctx); err != nil && ctx.Err() == nil {
			a.c.Log.Warn("tokens of programs were not recorded; they are counted on", "error", err)
		}
	})
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return errors.Join(err, a.OAuth.Flush(last))
}

// every calls fn now and then each time the interval has passed, until ctx ends.
func every(ctx context.Context, interval time.Duration, fn func()) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		fn()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// settled is when a start is over, which has better to do than to go through tables.
const settled = 5 * time.Second

// later is every, beginning when the start is over.
func later(ctx context.Context, interval time.Duration, fn func()) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(settled):
		return every(ctx, interval, fn)
	}
}

// sweepEvery is how often things that are over are cleared away.
const sweepEvery = time.Minute

// batch is how many rows one sweep touches at a time, so that no write holds
// others up.
const batch = 500

func (a *App) sweep(ctx context.Context) error {
	return later(ctx, sweepEvery, func() {
		if err := a.sweepSteadily(ctx); err != nil && ctx.Err() == nil {
			a.c.Log.Warn("a sweep failed; it is tried again", "error", err)
		}
	})
}

// sweepSteadily sweeps unless the clock jumped: then nothing is declared over
// until the clocks agree again (TH-4). It looks itself, because a jump may be
// younger than the last look.
func (a *App) sweepSteadily(ctx context.Context) error {
	if !a.guard.Check() {
		return nil
	}
	return a.Sweep(ctx)
}

// Sweep ends what has expired and forgets what has been over for long.
func (a *App) Sweep(ctx context.Context) error {
	now := a.now()
	sweeps := []func() (int, error){
		func() (int, error) { return a.store.Sessions().Expire(ctx, now, batch) },
		func() (int, error) { return a.Account.DeleteDue(ctx, batch) },
		func() (int, error) { return a.Rescue.Tick(ctx, batch) },
		func() (int, error) { return a.store.Reclaims().Sweep(ctx, now.Add(-reclaim.Keep), batch) },
		func() (int, error) { return a.store.Approvals().Sweep(ctx, now.Add(-approval.Keep), batch) },
		func() (int, error) { return a.store.Users().SweepFormerEmails(ctx, now.Add(-reclaim.Told), batch) },
		func() (int, error) { return a.store.Sessions().Sweep(ctx, now.Add(-a.c.Retention.Sessions), batch) },
		func() (int, error) { return a.store.Proofs().Sweep(ctx, now.Add(-24*time.Hour), batch) },
		func() (int, error) { return a.store.Federation().Sweep(ctx, now, batch) },
		func() (int, error) { return a.store.DPoP().Sweep(ctx, now, batch) },
		func() (int, error) { return a.store.TOTP().Sweep(ctx, now.Add(-totp.PendingLife), batch) },
		func() (int, error) { return a.store.Phones().Sweep(ctx, now.Add(-tel.PendingLife), batch) },
		func() (int, error) { return a.store.Challenges().Sweep(ctx, now.Add(-time.Hour), batch) },
		func() (int, error) { return a.store.Tickets().Sweep(ctx, now.Add(-time.Hour), batch) },
		func() (int, error) { return a.store.Assertions().Sweep(ctx, now, batch) },
		func() (int, error) { return a.store.Passkeys().Sweep(ctx, now, batch) },
		func() (int, error) { return a.store.Trust().Sweep(ctx, now, batch) },
		func() (int, error) { return a.store.Policy().Enforce(ctx, now, batch) },
		func() (int, error) { return a.store.Codes().Sweep(ctx, now.Add(-authcode.Kept), batch) },
		func() (int, error) { return a.store.DeviceCodes().Sweep(ctx, now.Add(-time.Hour), batch) },
		func() (int, error) { return a.store.AuthRequests().Sweep(ctx, now.Add(-authreq.Kept), batch) },
		func() (int, error) { return a.store.Mail().Sweep(ctx, now.Add(-a.c.Retention.Mail), batch) },
		func() (int, error) { return a.store.Logouts().Sweep(ctx, now.Add(-logout.Keep), batch) },
		func() (int, error) { return a.store.Idempotency().Sweep(ctx, now.Add(-idempotency.Life), batch) },
		func() (int, error) {
			return a.store.Decisions().Sweep(ctx, now.Add(-decision.Keep), decision.Most, batch)
		},
		func() (int, error) { return a.Enroll.Sweep(ctx, batch) },
		func() (int, error) { return a.store.Revocations().Sweep(ctx, now.Add(-revocation.Keep), batch) },
	}
	a.live.Sweep(now)
	_, err := a.Grants.Sweep(ctx)
	errs := []error{err}
	for _, s := range sweeps {
		for {
			n, err := s()
			errs = append(errs, err)
			if err != nil || n < batch || ctx.Err() != nil {
				break
			}
		}
	}
	return errors.Join(errs...)
}
