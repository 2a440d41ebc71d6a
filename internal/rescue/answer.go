package rescue

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/user"
)

// answer tells who asked for r what became of it, unless they decided it themselves
// or administer no more.
func (f *Flow) answer(ctx context.Context, tx Tx, by user.Caller, r approval.Request, template mail.Template) error {
	if r.Requester.IsZero() || r.Requester == by.User {
		return nil
	}
	u, err := tx.Users().ByID(ctx, r.Requester)
	if errors.Is(err, user.ErrUnknown) || err == nil && !administers(u) {
		return nil
	}
	if err != nil {
		return err
	}
	to, err := primary(ctx, tx, u.ID)
	if err != nil || to == "" {
		return err
	}
	d := mail.Data{Name: u.Name}
	if !r.Subject.IsZero() {
		if d.Address, err = primary(ctx, tx, r.Subject); err != nil {
			return err
		}
	}
	return f.mail(ctx, tx, template, to, u.Locale, u.TimeZone, d)
}
