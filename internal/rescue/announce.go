package rescue

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Tick tells what is to be told about claims by now, mails the secret of those that
// are due, and ends those that nobody completed; at most limit. It returns how many.
func (f *Flow) Tick(ctx context.Context, limit int) (int, error) {
	claims, err := f.o.Read.Reclaims().Stirring(ctx, f.now(), limit)
	if err != nil {
		return 0, err
	}
	for n, c := range claims {
		err := f.mailing(ctx, func(tx Tx) error { return f.stir(ctx, tx, c) })
		if err != nil && !errors.Is(err, reclaim.ErrNone) { // another replica was faster
			return n, err
		}
	}
	return len(claims), nil
}

func (f *Flow) stir(ctx context.Context, tx Tx, c reclaim.Claim) error {
	now, by := f.now(), user.System()
	switch {
	case !now.Before(c.ExpiresAt):
		ev := by.Event(reclaim.Expired, now, c.User).With("claim", c.ID.String())
		if err := tx.Reclaims().End(ctx, c.ID, reclaim.Lapsed, now, ev); err != nil {
			return err
		}
		return f.tell(ctx, tx, c, by, mail.RecoveryEnded, mail.Data{})
	case !now.Before(c.DueAt):
		if err := f.ready(ctx, tx, by, c); err != nil {
			return err
		}
	default:
		next := now.Add(reclaim.Repeat)
		if next.After(c.DueAt) {
			next = c.DueAt
		}
		ev := by.Event(reclaim.Reminded, now, c.User).With("claim", c.ID.String())
		if err := tx.Reclaims().Stir(ctx, c.ID, c.NextAt, next, secret.Digest{}, ev); err != nil {
			return err
		}
	}
	return f.announce(ctx, tx, c, by)
}

// ready mails a new secret that completes c to the address that was proven. Where
// there is none, the link that the host handed over stays the only one.
func (f *Flow) ready(ctx context.Context, tx Tx, by user.Caller, c reclaim.Claim) error {
	now, finish := f.now(), secret.New(reclaim.Finish)
	ev := by.Event(reclaim.Ready, now, c.User).With("claim", c.ID.String())
	if c.Address == "" {
		return tx.Reclaims().Stir(ctx, c.ID, c.NextAt, c.ExpiresAt, secret.Digest{}, ev)
	}
	if err := tx.Reclaims().Stir(ctx, c.ID, c.NextAt, c.ExpiresAt, finish.Digest(f.o.Instance), ev); err != nil {
		return err
	}
	u, err := tx.Users().ByID(ctx, c.User)
	if err != nil {
		return err
	}
	d := circumstances(u, by, now)
	d.Path, d.Due = finishPath+finish.Reveal(), c.ExpiresAt
	return f.mail(ctx, tx, mail.RecoveryReady, c.Address, langOf(u, c), u.TimeZone, d)
}

// announce tells everybody that c runs, with a way to object.
func (f *Flow) announce(ctx context.Context, tx Tx, c reclaim.Claim, by user.Caller) error {
	veto, err := f.o.Keys.Open("reclaim", c.ID[:], c.Sealed)
	if err != nil {
		return err
	}
	return f.tell(ctx, tx, c, by, mail.RecoveryWaiting, mail.Data{Path: vetoPath + string(veto), Due: c.DueAt})
}

// tell mails every verified address of the account, and those it had in the last
// thirty days (TH-43).
func (f *Flow) tell(ctx context.Context, tx Tx, c reclaim.Claim, by user.Caller, template mail.Template, d mail.Data) error {
	u, err := tx.Users().ByID(ctx, c.User)
	if err != nil {
		return err
	}
	now := f.now()
	had, err := tx.Users().Emails(ctx, c.User)
	if err != nil {
		return err
	}
	former, err := tx.Users().FormerEmails(ctx, c.User, now.Add(-reclaim.Told))
	if err != nil {
		return err
	}
	said := circumstances(u, by, now)
	said.Path, said.Due = d.Path, d.Due
	told := map[string]bool{}
	for _, e := range append(had, former...) {
		if !e.Verified() || told[e.Key] {
			continue
		}
		told[e.Key] = true
		if err := f.mail(ctx, tx, template, e.Address, langOf(u, c), u.TimeZone, said); err != nil {
			return err
		}
	}
	return nil
}

func langOf(u user.User, c reclaim.Claim) string {
	if u.Locale != "" {
		return u.Locale
	}
	return c.Lang
}

func circumstances(u user.User, by user.Caller, at time.Time) mail.Data {
	return mail.Data{Name: u.Name, Act: mail.Act{When: at, Device: useragent.Describe(by.Source.UserAgent), IP: by.Source.IP, Place: by.Source.Place}}
}

func (f *Flow) mail(ctx context.Context, tx Tx, template mail.Template, to, lang, zone string, d mail.Data) error {
	q, err := f.o.Mailer.Queue(mail.Message{Template: template, To: to, Lang: lang, TimeZone: zone, Data: d})
	if err != nil {
		return err
	}
	return tx.Mail().Enqueue(ctx, q)
}

// mostAdmins bounds how many administrators one message goes to.
const mostAdmins = 50

// call mails the administrators but one.
func (f *Flow) call(ctx context.Context, tx Tx, template mail.Template, d mail.Data, about, but user.ID) error {
	admins, err := tx.Users().List(ctx, user.Query{Role: rbac.Admin, State: user.Active, Limit: mostAdmins})
	if err != nil {
		return err
	}
	if d.Address, err = primary(ctx, tx, about); err != nil {
		return err
	}
	for _, a := range admins {
		if a.ID == but || !a.Verified {
			continue
		}
		d.Name = a.Name
		if err := f.mail(ctx, tx, template, a.Email, a.Locale, a.TimeZone, d); err != nil {
			return err
		}
	}
	return nil
}
