package rescue

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Peek is the live claim that a link to object belongs to. It changes nothing.
// reclaim.ErrNone.
func (f *Flow) Peek(ctx context.Context, by user.Caller, veto secret.Token) (reclaim.Claim, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.CodeSource, Of: ratelimit.SourceOf(by.Source.IP)}); err != nil {
		return reclaim.Claim{}, err
	}
	return f.o.Read.Reclaims().ByVeto(ctx, veto.Digest(f.o.Instance))
}

// Object delays the claim whose mails hold veto, once, and calls the
// administrators: whoever reads a mailbox has not proven enough to stop it
// (TH-43). reclaim.ErrDelayed, reclaim.ErrNone.
func (f *Flow) Object(ctx context.Context, by user.Caller, veto secret.Token) (reclaim.Claim, error) {
	c, err := f.Peek(ctx, by, veto)
	if err != nil {
		return c, err
	}
	return f.delay(ctx, by, c)
}

// ObjectTo is Object for who is signed in to the account.
func (f *Flow) ObjectTo(ctx context.Context, by user.Caller) (reclaim.Claim, error) {
	c, err := f.Running(ctx, by.User)
	if err != nil {
		return c, err
	}
	return f.delay(ctx, by, c)
}

func (f *Flow) delay(ctx context.Context, by user.Caller, c reclaim.Claim) (reclaim.Claim, error) {
	policy, err := f.Policy(ctx)
	if err != nil {
		return c, err
	}
	now := f.now()
	if !c.DelayedAt.IsZero() {
		return c, reclaim.ErrDelayed
	}
	if c.DueAt.Before(now) {
		c.DueAt = now
	}
	if policy.Wait == 0 {
		policy.Wait = reclaim.DefaultWait
	}
	c.DueAt, c.DelayedAt = c.DueAt.Add(policy.Wait), now
	c.ExpiresAt = c.DueAt.Add(reclaim.Open)
	ev := by.Event(reclaim.Delayed, now, c.User).With("claim", c.ID.String()).With("due", c.DueAt.Format(time.RFC3339))
	return c, f.mailing(ctx, func(tx Tx) error {
		if err := tx.Reclaims().Delay(ctx, c.ID, c.DueAt, c.ExpiresAt, now, ev); err != nil {
			return err
		}
		return f.call(ctx, tx, mail.RecoveryObjected, mail.Data{Path: RecoveryPath(c.ID)}, c.User, c.User)
	})
}

// Stop ends the claim to the caller's own account, if what they prove for this act
// is worth what the claim would give; whatever is less delays it (TH-43).
// stopped tells which. reclaim.ErrNone, reclaim.ErrDelayed, and what a proof may
// fail with.
func (f *Flow) Stop(ctx context.Context, by user.Caller, p Proof) (stopped bool, err error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return false, err
	}
	c, err := f.Running(ctx, by.User)
	if err != nil {
		return false, err
	}
	proven, err := f.o.Prover.ConfirmFully(ctx, by, p)
	if err != nil {
		return false, err
	}
	if proven < c.Level {
		_, err := f.delay(ctx, by, c)
		return false, err
	}
	now := f.now()
	ev := by.Event(reclaim.Halted, now, c.User).With("claim", c.ID.String())
	return true, f.mailing(ctx, func(tx Tx) error {
		if err := tx.Reclaims().End(ctx, c.ID, reclaim.Stopped, now, ev); err != nil {
			return err
		}
		return f.tell(ctx, tx, c, by, mail.RecoveryEnded, mail.Data{})
	})
}
