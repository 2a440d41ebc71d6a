package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
)

// What is still well.
const (
	mostSkew   = 2 * time.Second  // TH-4
	mostWaited = 15 * time.Minute // of a mail
	mostStale  = 5 * time.Second  // of the freshness proof (TH-11)
	oldData    = 2 * 365 * 24 * time.Hour
)

// Doctor looks for what is wrong with the instance, as far as the server can see
// it; the command adds what only the host sees. docs/doctor.md has the numbers.
func (a *App) Doctor(ctx context.Context) ([]instance.Finding, error) {
	var all []instance.Finding
	for _, check := range []func(context.Context) ([]instance.Finding, error){
		a.checkDurability, a.checkClock, a.checkKeys, a.checkMail, a.checkFollower, a.checkProxies,
	} {
		found, err := check(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// checkDurability: "loses nothing that was answered" holds across a failover only
// with a synchronous standby and fencing (TH-7).
func (a *App) checkDurability(ctx context.Context) ([]instance.Finding, error) {
	r, ok := a.store.(store.Replicated)
	if !ok {
		return nil, nil // SQLite syncs each commit, and there is no failover
	}
	d, err := r.Durability(ctx)
	if err != nil {
		return nil, err
	}
	return durability(d), nil
}

func durability(d store.Durability) []instance.Finding {
	f := instance.Finding{
		Number: "MD-1", Severity: instance.Problem,
		Evidence: fmt.Sprintf("fsync=%t synchronous_commit=%s synchronous_standby_names=%q standbys=%d", d.Fsync, d.SynchronousCommit, d.StandbyNames, d.Standbys),
	}
	switch {
	case !d.Local():
		f.Title, f.Cause = "A crash of the database may lose what was answered", "PostgreSQL answers before a commit is on the disk."
		f.Fix = "ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET synchronous_commit = on; then restart PostgreSQL"
	case d.Failover():
		f.Severity, f.Title = instance.Notice, "A failover loses nothing only if the old primary is fenced"
		f.Cause = "A standby has every answer, but PostgreSQL cannot keep an old primary that still runs from answering."
		f.Fix = "see that your failover manager stops the old primary before it promotes (fencing); then nothing is left to do"
	case d.Standbys > 0:
		f.Title, f.Cause = "A failover may lose what was answered", "The standbys are asynchronous: what was answered last may not be there when one is promoted."
		f.Fix = "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'; ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload_conf(); and fence the old primary"
	default:
		f.Severity, f.Title = instance.Notice, "A crash loses nothing; the loss of the database's machine does"
		f.Cause = "No standby waits for commits. Whatever was answered since the last backup is then gone, and refresh tokens handed out meanwhile end with the cause store_rollback."
		f.Fix = "add a synchronous standby with fencing, or accept it and keep backups: docs/doctor.md"
	}
	return []instance.Finding{f}
}

func (a *App) checkClock(ctx context.Context) ([]instance.Finding, error) {
	before := a.c.Now()
	there, err := a.store.Now(ctx)
	if err != nil {
		return nil, err
	}
	middle := before.Add(a.c.Now().Sub(before) / 2)
	if skew := middle.Sub(there); skew.Abs() > mostSkew {
		return []instance.Finding{{
			Number: "MD-2", Severity: instance.Problem, Title: "The clock differs from the database's",
			Cause: "Waiting periods and sweeps pause, and tokens may be refused by others as from the future.", Evidence: "by " + skew.Round(time.Millisecond).String(),
			Fix: "timedatectl set-ntp true, on this machine and on the database's",
		}}, nil
	}
	return nil, nil
}

func (a *App) checkKeys(ctx context.Context) ([]instance.Finding, error) {
	keys, err := a.Signing.Keys(ctx)
	if err != nil {
		return nil, err
	}
	now, late := a.now(), a.Signing.Schedule().Rotate+a.Signing.Schedule().Publish+24*time.Hour
	var found []instance.Finding
	for _, k := range keys {
		if k.State == signing.Current && now.Sub(k.CurrentAt) > late {
			found = append(found, instance.Finding{
				Number: "MD-3", Severity: instance.Problem, Title: "A signing key is older than its schedule",
				Cause:    "No server ran for long, or the rotation fails; the log says which.",
				Evidence: fmt.Sprintf("%s %s key %s signs since %s", k.Use, k.Algorithm, k.ID, k.CurrentAt.Format(time.DateOnly)),
				Fix:      fmt.Sprintf("mortise keys rotate --use %s --alg %s", k.Use, k.Algorithm),
			})
		}
	}
	return append(found, a.checkMaster(now)...), nil
}

func (a *App) checkMaster(now time.Time) []instance.Finding {
	var found []instance.Finding
	for _, k := range a.keys.Keys() {
		if k.WrappedBy != a.keys.Master() {
			found = append(found, instance.Finding{
				Number: "MD-4", Severity: instance.Problem, Title: "The change of the master key is not finished",
				Cause: "A data key is still wrapped by a former master key.", Evidence: "data key " + k.ID + " by " + k.WrappedBy,
				Fix: "mortise keys rotate --master",
			})
		}
		if k.Current && now.Sub(k.CreatedAt) > oldData {
			found = append(found, instance.Finding{
				Number: "MD-5", Severity: instance.Notice, Title: "The data key is old",
				Cause: "Everything new is sealed with a key that has been in use for more than two years.", Evidence: k.ID + " since " + k.CreatedAt.Format(time.DateOnly),
				Fix: "nothing is wrong; change the master key when somebody may have seen it: docs/keys.md",
			})
		}
	}
	return found
}

func (a *App) checkMail(ctx context.Context) ([]instance.Finding, error) {
	var found []instance.Finding
	if a.c.SMTP == "" && a.c.Sender == nil && !a.c.Dev {
		found = append(found, instance.Finding{
			Number: "MD-6", Severity: instance.Problem, Title: "No mail can be sent", Cause: "Sign-up, recovery and warnings need mail.",
			Evidence: "smtp.url is empty", Fix: "export MORTISE_SMTP_URL=smtps://user@mail.example.org:465, then restart: docs/mail.md",
		})
	}
	d, err := a.store.Mail().Depth(ctx, a.now())
	if err != nil {
		return nil, err
	}
	waits := time.Duration(0)
	if !d.Oldest.IsZero() {
		waits = a.now().Sub(d.Oldest)
	}
	if d.Dead > 0 || waits > mostWaited {
		found = append(found, instance.Finding{
			Number: "MD-7", Severity: instance.Problem, Title: "Mail is not delivered", Cause: "The mail server refuses or does not answer; the log says why.",
			Evidence: fmt.Sprintf("%d waiting, the oldest for %s; %d given up", d.Waiting, waits.Round(time.Second), d.Dead), Fix: "mortise status, then check smtp.url: docs/mail.md",
		})
	}
	return found, nil
}

// checkFollower looks at the server's own reading of revocations, when it runs.
func (a *App) checkFollower(context.Context) ([]instance.Finding, error) {
	if !a.known.running.Load() {
		return nil, nil
	}
	age, ok := a.ProofAge()
	if ok && age <= mostStale {
		return nil, nil
	}
	evidence := "there was none yet"
	if ok {
		evidence = "the last is " + age.Round(time.Millisecond).String() + " old"
	}
	return []instance.Finding{{
		Number: "MD-8", Severity: instance.Problem, Title: "Revocations are not read in time",
		Cause: "Polls of the store fail or are slow. Every check asks the store meanwhile, and followers of the feed refuse tokens.", Evidence: evidence,
		Fix: "mortise status, and see that the database answers within a second",
	}}, nil
}

// checkProxies: whoever may say where a request came from is trusted with every limit.
func (a *App) checkProxies(context.Context) ([]instance.Finding, error) {
	for _, text := range a.c.TrustedProxy {
		if p, err := netip.ParsePrefix(text); err == nil && p.Bits() == 0 {
			return []instance.Finding{{
				Number: "MD-9", Severity: instance.Problem, Title: "Everybody is a trusted proxy",
				Cause: "Any client may name the address it comes from, so limits by address hold nobody.", Evidence: "trusted_proxies has " + text,
				Fix: "set MORTISE_TRUSTED_PROXIES to the addresses of your proxies only",
			}}, nil
		}
	}
	return nil, nil
}

// failoverLimit is what readiness says about the database, read at most each
// minute; empty when there is nothing to say.
func (a *App) failoverLimit(ctx context.Context) string {
	r, ok := a.store.(store.Replicated)
	if !ok {
		return ""
	}
	if last := a.durable.Load(); last != nil && a.c.Now().Sub(last.at).Abs() < time.Minute {
		return last.says
	}
	d, err := r.Durability(ctx)
	if err != nil {
		return ""
	}
	says := ""
	switch {
	case !d.Local():
		says = "a crash of the database may lose what was answered; see mortise doctor"
	case !d.Failover():
		says = "a failover may lose what was answered; see mortise doctor"
	}
	a.durable.Store(&durable{a.c.Now(), says})
	return says
}

type durable struct {
	at   time.Time
	says string
}
