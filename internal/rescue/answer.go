package rescue

import (
	"context"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/user"
)

// answer tells who asked for r what became of it, unless they decided it themselves.
func (f *Flow) answer(ctx context.Context, tx Tx, by user.Caller, r approval.Request, template mail.Template) error {
	if r.Requester.IsZero() || r.Requester == by.User {
		return nil
	}
	to, err := primary(ctx, tx, r.Requester)
	if err != nil || to == "" {
		return err
	}
	u, err := tx.Users().ByID(ctx, r.Requester)
	if err != nil {
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
