package rescue

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Begin starts a waiting claim for whoever holds the link of a password reset, and
// uses the link up. Where a claim is due already, its secret is mailed again.
// proof.ErrExpired, ErrNothingLost, ErrOff, ErrStopped, ErrHeld, reclaim.ErrRunning.
func (f *Flow) Begin(ctx context.Context, by user.Caller, link secret.Token, lang string) (reclaim.Claim, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.CodeSource, Of: ratelimit.SourceOf(by.Source.IP)}); err != nil {
		return reclaim.Claim{}, err
	}
	now := f.now()
	p, err := f.o.Read.Proofs().ByLink(ctx, proof.Recover, link.Digest(f.o.Instance))
	if err == nil {
		err = p.Usable(now)
	}
	if err != nil {
		return reclaim.Claim{}, err
	}
	address, err := f.verified(ctx, p.User, p.Key)
	if err != nil {
		return reclaim.Claim{}, err
	}
	c, err := f.Running(ctx, p.User)
	switch {
	case err == nil && c.Due(now) && c.Kind != reclaim.Link: // a mailbox is not who the host handed a link to
		return c, f.again(ctx, by, p, c)
	case err == nil:
		return c, reclaim.ErrRunning
	case !errors.Is(err, reclaim.ErrNone):
		return c, err
	}
	wait, err := f.mayBegin(ctx, p.User)
	if err != nil {
		return c, err
	}
	if c, err = f.claim(ctx, f.o.Read, p.User, reclaim.Waiting, now); err != nil {
		return c, err
	}
	c.Address, c.Lang, c.Vouched = address, lang, address
	c.DueAt, c.NextAt = now.Add(wait), now.Add(min(wait, reclaim.Repeat))
	c.ExpiresAt = c.DueAt.Add(reclaim.Open)
	ev := by.Event(reclaim.Started, now, p.User).With("claim", c.ID.String()).With("due", c.DueAt.Format(time.RFC3339)).
		With("level", strconv.Itoa(c.Level)).With("vouched", vouched(c))
	err = f.mailing(ctx, func(tx Tx) error {
		if err := tx.Proofs().Spend(ctx, p.ID, now, by.Event(reclaim.Proven, now, p.User)); err != nil {
			return err
		}
		if err := tx.Reclaims().Begin(ctx, c, ev); err != nil {
			return err
		}
		return f.announce(ctx, tx, c, by)
	})
	if err == nil {
		f.text(ctx, by, c)
	}
	return c, err
}

// vouched is who vouched, without an address in the clear.
func vouched(c reclaim.Claim) string {
	if c.Kind == reclaim.Waiting {
		return "mailbox"
	}
	return c.Vouched
}

// verified is the account's verified address with that key.
func (f *Flow) verified(ctx context.Context, owner user.ID, key string) (string, error) {
	emails, err := f.o.Read.Users().Emails(ctx, owner)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(emails, func(e user.Email) bool { return e.Key == key && e.Verified() })
	if i < 0 {
		return "", proof.ErrExpired
	}
	return emails[i].Address, nil
}

// mayBegin is how long a claim by mail waits, if there may be one now.
func (f *Flow) mayBegin(ctx context.Context, owner user.ID) (time.Duration, error) {
	policy, err := f.Policy(ctx)
	if err != nil {
		return 0, err
	}
	if policy.Wait == 0 {
		return 0, ErrOff
	}
	if err := f.held(ctx, owner); err != nil {
		return 0, err
	}
	stopped, err := f.o.Read.Reclaims().StoppedSince(ctx, owner, f.now().Add(-reclaim.Quiet))
	if err == nil && stopped {
		err = ErrStopped
	}
	return policy.Wait, err
}

// held refuses while an undone address change keeps addresses from opening the
// account (TH-43).
func (f *Flow) held(ctx context.Context, owner user.ID) error {
	marks, err := f.o.Read.Proofs().Pending(ctx, owner, proof.Frozen, f.now())
	if err == nil && len(marks) > 0 {
		err = ErrHeld
	}
	return err
}

// claim is one to an account, with what is lost and a way to object. ErrNothingLost.
func (f *Flow) claim(ctx context.Context, tx Tx, owner user.ID, kind reclaim.Kind, now time.Time) (reclaim.Claim, error) {
	level, err := f.level(ctx, tx, owner)
	if err != nil {
		return reclaim.Claim{}, err
	}
	if level < 2 {
		return reclaim.Claim{}, ErrNothingLost
	}
	veto := secret.New(reclaim.Veto)
	c := reclaim.Claim{ID: reclaim.NewID(now), User: owner, Kind: kind, Level: level, Veto: veto.Digest(f.o.Instance), StartedAt: now}
	c.Sealed = f.o.Keys.Seal("reclaim", c.ID[:], []byte(veto.Reveal()))
	return c, nil
}

// level is the highest assurance that the account's factors reach.
func (f *Flow) level(ctx context.Context, tx Tx, owner user.ID) (int, error) {
	apps, err := tx.TOTP().Of(ctx, owner)
	if err != nil {
		return 0, err
	}
	numbers, err := tx.Phones().Of(ctx, owner)
	if err != nil {
		return 0, err
	}
	level := 1
	if len(apps)+len(numbers) > 0 {
		level = 2
	}
	keys, err := tx.Passkeys().Of(ctx, owner)
	for _, k := range keys {
		level = max(level, k.Assurance())
	}
	return level, err
}

// again mails the secret of a claim that is due once more.
func (f *Flow) again(ctx context.Context, by user.Caller, p proof.Proof, c reclaim.Claim) error {
	now := f.now()
	return f.mailing(ctx, func(tx Tx) error {
		if err := tx.Proofs().Spend(ctx, p.ID, now, by.Event(reclaim.Proven, now, c.User)); err != nil {
			return err
		}
		return f.ready(ctx, tx, by, c)
	})
}

// Running is the account's live claim, or reclaim.ErrNone.
func (f *Flow) Running(ctx context.Context, owner user.ID) (reclaim.Claim, error) {
	return f.o.Read.Reclaims().Live(ctx, owner)
}

// Link is the host's way: it makes a link that replaces the account's factors once,
// within the hour. It is handed over by whoever asked; every address is told.
// ErrNotAdmin unless the caller is the host; ErrNothingLost.
func (f *Flow) Link(ctx context.Context, by user.Caller, owner user.ID) (string, time.Time, error) {
	if by.Actor.Type != audit.ActorHost {
		return "", time.Time{}, ErrNotAdmin
	}
	now := f.now()
	c, err := f.claim(ctx, f.o.Read, owner, reclaim.Link, now)
	if err != nil {
		return "", time.Time{}, err
	}
	finish := secret.New(reclaim.Finish)
	c.Vouched, c.Secret = "host", finish.Digest(f.o.Instance)
	c.DueAt, c.ExpiresAt, c.NextAt = now, now.Add(reclaim.LinkLife), now.Add(reclaim.LinkLife)
	err = f.mailing(ctx, func(tx Tx) error {
		if err := tx.Reclaims().Begin(ctx, c, by.Event(reclaim.Handed, now, owner).With("claim", c.ID.String()).With("vouched", "host")); err != nil {
			return err
		}
		return f.announce(ctx, tx, c, by)
	})
	if err == nil {
		f.text(ctx, by, c)
	}
	return f.o.Link(finishPath + finish.Reveal()), c.ExpiresAt, err
}

// primary is the account's primary address if it is verified.
func primary(ctx context.Context, tx Tx, owner user.ID) (string, error) {
	emails, err := tx.Users().Emails(ctx, owner)
	if err != nil || len(emails) == 0 || !emails[0].Verified() {
		return "", err
	}
	return emails[0].Address, nil
}

const (
	finishPath = "/recover/finish?token="
	vetoPath   = "/recover/veto?token="
)

// administers reports whether u is an active administrator.
func administers(u user.User) bool {
	return u.State == user.Active && slices.Contains(u.Roles, rbac.Admin)
}
