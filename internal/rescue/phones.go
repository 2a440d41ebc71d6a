package rescue

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/user"
)

// Phones is what messages to phones need.
type Phones struct {
	Keys   phone.Keys
	Budget phone.Budget
}

// text tells the phones of an account that a claim to it began. It says nothing that
// opens or stops anything, because carriers read along; mails do. Like every message to
// a phone it is charged first, and not sent where the day's budget is spent (PW-48):
// then the log says so, and mails tell alone.
func (f *Flow) text(ctx context.Context, by user.Caller, c reclaim.Claim) error {
	if f.o.Phones == nil {
		return nil
	}
	have, err := f.o.Read.Phones().Of(ctx, c.User)
	if err != nil || len(have) == 0 {
		return err
	}
	u, err := f.o.Read.Users().ByID(ctx, c.User)
	if err != nil {
		return err
	}
	for _, p := range have {
		if err := f.textTo(ctx, by, c, langOf(u, c), p); err != nil {
			return err
		}
	}
	return nil
}

// textOf is text for the claim that came of a request.
func (f *Flow) textOf(ctx context.Context, by user.Caller, r approval.Request) error {
	if r.Kind != approval.Reset {
		return nil
	}
	c, err := f.Running(ctx, r.Subject)
	if errors.Is(err, reclaim.ErrNone) { // over already
		return nil
	}
	if err != nil {
		return err
	}
	return f.text(ctx, by, c)
}

func (f *Flow) textTo(ctx context.Context, by user.Caller, c reclaim.Claim, lang string, to phone.Phone) error {
	n, err := to.Open(f.o.Phones.Keys)
	if err != nil {
		return err
	}
	charges, err := f.o.Phones.Budget.Charges(f.o.Phones.Keys, n)
	if errors.Is(err, phone.ErrRegion) { // nothing is sent there any more
		return nil
	}
	if err != nil {
		return err
	}
	q, err := f.o.Mailer.Queue(mail.Message{Template: mail.RecoveryPhone, Channel: mail.SMS, To: string(n), Lang: lang})
	if err != nil {
		return err
	}
	now := f.now()
	err = f.mailing(ctx, func(tx Tx) error {
		if err := tx.Phones().Charge(ctx, phone.Day(now), charges); err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, by.Event(reclaim.Texted, now, c.User).With("claim", c.ID.String()).With("phone", to.ID.String()))
	})
	if errors.Is(err, phone.ErrBudget) {
		return f.o.Read.Audit().Append(ctx, by.Event(phone.Spent, now, c.User).With("phone", to.ID.String()))
	}
	return err
}
