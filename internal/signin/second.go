package signin

import (
	"context"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// multiple is what RFC 8176 calls more than one factor.
const multiple = "mfa"

// ask ends the first step. It counts like a failure until the second step is done,
// and unless it is done within the challenge's life, the owner is told that
// somebody knows the first factor (TH-33).
func (f *Flow) ask(ctx context.Context, m Method, a *Attempt, r Request, p Proven, guess *lockout.Reservation, d demand) (Result, error) {
	ev := f.event(FirstProven, a)
	if d.enrol {
		ev = f.event(EnrolAsked, a)
	}
	if err := guess.Fail(ctx, ev); err != nil {
		return Result{}, err
	}
	now := f.now()
	flow := secret.New(challenge.Purpose)
	c := challenge.Challenge{
		ID: challenge.NewID(now), User: a.Account.ID, Flow: flow.Digest(f.o.Instance), Key: a.Key, Methods: p.Methods,
		UserVersion: a.Account.Version, PasswordVersion: p.PasswordVersion, Failures: guess.After(), Enrol: d.enrol,
		CreatedAt: now, ExpiresAt: now.Add(challenge.Life), Origin: written(p.Origin),
	}
	notice, err := f.unfinished(ctx, a, r, c)
	if err != nil {
		return Result{}, err
	}
	if notice != nil {
		c.Notice = notice.ID
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if notice != nil {
			if err := tx.Mail().Enqueue(ctx, *notice); err != nil {
				return err
			}
		}
		if err := tx.Challenges().Put(ctx, c); err != nil {
			return err
		}
		return p.spend(ctx, tx)
	})
	if err != nil {
		return Result{}, err
	}
	return Result{Next: d.next(), Flow: flow}, nil
}

// unfinished composes the notice that leaves when the challenge is over, unless
// the sign-in was completed; nil when the owner has been told often enough.
func (f *Flow) unfinished(ctx context.Context, a *Attempt, r Request, c challenge.Challenge) (*mail.Queued, error) {
	if !a.Email.Verified() {
		return nil, nil
	}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.UnfinishedMail, Of: a.Account.ID.String()}))
	if err != nil || !d.Allowed {
		return nil, err
	}
	template := mail.UnfinishedSignin
	if a.Method == mailCode {
		template = mail.UnfinishedMail
	}
	q, err := f.o.Mailer.Queue(mail.Message{
		Template: template, To: a.Email.Address, Lang: langOf(a.Account, r.Lang), TimeZone: a.Account.TimeZone,
		Data: mail.Data{Name: a.Account.Name, Act: act(a.By, c.CreatedAt)},
	})
	q.CreatedAt, q.NextAt = c.ExpiresAt, c.ExpiresAt
	return &q, err
}
