package rescue

import (
	"context"
	"errors"
	"time"

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
//
// The claim has begun by then, so whoever began it can neither hang up on this nor hear
// of what went wrong with it.
func (f *Flow) text(ctx context.Context, by user.Caller, c reclaim.Claim) {
	if f.o.Phones == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), textWithin)
	defer cancel()
	if err := f.textAll(ctx, by, c); err != nil {
		f.o.Log.Error("not every phone was told of a recovery", "claim", c.ID.String(), "error", err)
	}
}

// textWithin bounds the writes of messages whose client has gone.
const textWithin = 10 * time.Second

func (f *Flow) textAll(ctx context.Context, by user.Caller, c reclaim.Claim) error {
	have, err := f.o.Read.Phones().Of(ctx, c.User)
	if err != nil || len(have) == 0 {
		return err
	}
	u, err := f.o.Read.Users().ByID(ctx, c.User)
	if err != nil {
		return err
	}
	var all error
	for _, p := range have { // one that cannot be told keeps no other from it
		all = errors.Join(all, f.textTo(ctx, by, c, langOf(u, c), p))
	}
	return all
}

// textOf is text for the claim that came of a request.
func (f *Flow) textOf(ctx context.Context, by user.Caller, r approval.Request) {
	if r.Kind != approval.Reset {
		return
	}
	ctx = context.WithoutCancel(ctx)
	switch c, err := f.Running(ctx, r.Subject); {
	case errors.Is(err, reclaim.ErrNone): // over already
	case err != nil:
		f.o.Log.Error("no phone was told of a recovery", "request", r.ID.String(), "error", err)
	default:
		f.text(ctx, by, c)
	}
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
