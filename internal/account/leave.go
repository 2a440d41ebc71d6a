package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// RequestDeletion ends every session and starts the waiting time. Every verified
// address, and every one that may still be restored (TH-43), is mailed a link that
// cancels it; nothing else brings the account back. The last administrator cannot
// leave: rbac.ErrLastAdmin.
func (f *Flow) RequestDeletion(ctx context.Context, by user.Caller, current Proof, lang string) (time.Time, error) {
	u, err := f.confirmed(ctx, by, current)
	if err != nil {
		return time.Time{}, err
	}
	p, err := f.mint().New(proof.CancelDeletion, "", f.now(), DeletionWait, nil)
	if err != nil {
		return time.Time{}, err
	}
	p = p.LinkOnly()
	p.User = u.ID
	now := f.now()
	due := now.Add(DeletionWait)
	d := notice(u.User, by, now)
	d.Path, d.Due = link("/account/keep", p.LinkToken), due
	err = f.mailing(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		if err := tx.Users().SetState(ctx, u.ID, user.Active, user.Deleting, due, now, by.Event(user.DeletionScheduled, now, u.ID)); err != nil {
			return err
		}
		if err := f.keepAdmin(ctx, tx, u.User); err != nil {
			return err
		}
		lost, err := f.undoable(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		return f.tell(ctx, tx, u.User, mail.DeletionScheduled, d, lang, lost...)
	})
	return due, err
}

// undoable are the addresses that left the account, or lost by a change, so
// recently that they can still take it back.
func (f *Flow) undoable(ctx context.Context, tx Tx, id user.ID) ([]string, error) {
	undos, err := tx.Proofs().Pending(ctx, id, proof.Undo, f.now())
	if err != nil {
		return nil, err
	}
	lost := make([]string, 0, len(undos))
	for _, p := range undos {
		var was address
		if err := f.mint().Payload(p, &was); err != nil {
			return nil, err
		}
		lost = append(lost, was.Address)
	}
	return lost, nil
}

// keepAdmin refuses, after the change, that u was the last who may administer.
func (f *Flow) keepAdmin(ctx context.Context, tx Tx, u user.User) error {
	if !slices.Contains(u.Roles, rbac.Admin) {
		return nil
	}
	n, err := tx.Users().Holders(ctx, rbac.Admin)
	if err == nil && n == 0 {
		return rbac.ErrLastAdmin
	}
	return err
}

// CancelDeletion makes the account active again. It does not sign in.
func (f *Flow) CancelDeletion(ctx context.Context, by user.Caller, a Answer) error {
	p, err := f.open(ctx, by, proof.CancelDeletion, a)
	if err != nil {
		return err
	}
	now := f.now()
	return f.mailing(ctx, func(tx Tx) error {
		if err := f.spend(ctx, tx, p, by.Event(user.DeletionCancelled, now, p.User)); err != nil {
			return err
		}
		return tx.Users().SetState(ctx, p.User, user.Deleting, user.Active, time.Time{}, now, by.Event(user.Enabled, now, p.User))
	})
}

// DeleteDue deletes accounts whose waiting time is over, at most limit, and
// tells their last addresses. It returns how many.
func (f *Flow) DeleteDue(ctx context.Context, limit int) (int, error) {
	now := f.now()
	due, err := f.o.Read.Users().DueForDeletion(ctx, now, limit)
	if err != nil {
		return 0, err
	}
	by := user.System()
	for n, id := range due {
		err := f.mailing(ctx, func(tx Tx) error {
			u, err := tx.Users().ByID(ctx, id)
			if err != nil || u.State != user.Deleting || now.Before(u.DeleteAt) {
				return err
			}
			if err := f.tell(ctx, tx, u, mail.DeletionDone, notice(u, by, now), ""); err != nil {
				return err
			}
			return tx.Users().Delete(ctx, id, now, by.Event(user.Deleted, now, id))
		})
		if err != nil && !absent(err) {
			return n, err
		}
	}
	return len(due), nil
}

// Export is everything kept about one account.
type Export struct {
	At            time.Time
	User          user.User
	Emails        []user.Email
	Organizations []organization.Membership
	PasswordSince time.Time // zero: no password
	Sessions      []session.Session
	Apps          []App
	Consents      []Allowed
	Events        []audit.Event // newest first, at most MaxEvents
}

// MaxEvents bounds the security log in an export.
const MaxEvents = 10_000

// Export collects the caller's data (a proof for this act is needed).
func (f *Flow) Export(ctx context.Context, by user.Caller, current Proof) (Export, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.ExportAccount, Of: by.User.String()}); err != nil {
		return Export{}, err
	}
	if _, err := f.confirmed(ctx, by, current); err != nil {
		return Export{}, err
	}
	return f.Collect(ctx, by, by.User)
}

// Collect gathers all that is kept about an account and records that it did.
// Who may ask is the caller's flow to decide.
func (f *Flow) Collect(ctx context.Context, by user.Caller, id user.ID) (Export, error) {
	now := f.now()
	out := Export{At: now}
	var err error
	if out.User, err = f.o.Read.Users().ByID(ctx, id); err != nil {
		return out, err
	}
	if out.Emails, err = f.o.Read.Users().Emails(ctx, id); err != nil {
		return out, err
	}
	if out.Organizations, err = f.o.Read.Organizations().Of(ctx, id); err != nil {
		return out, err
	}
	if out.Sessions, err = f.o.Read.Sessions().Of(ctx, id, now); err != nil {
		return out, err
	}
	if out.Apps, err = f.AppsOf(ctx, id); err != nil {
		return out, err
	}
	if out.Consents, err = f.ConsentsOf(ctx, id); err != nil {
		return out, err
	}
	c, err := f.o.Read.Passwords().ByUser(ctx, id)
	if err != nil && !errors.Is(err, password.ErrNone) {
		return out, err
	}
	out.PasswordSince = c.ChangedAt
	if out.Events, err = f.allEvents(ctx, id); err != nil {
		return out, err
	}
	return out, f.o.Read.Audit().Append(ctx, by.Event(user.Exported, now, id))
}

func (f *Flow) allEvents(ctx context.Context, id user.ID) ([]audit.Event, error) {
	const page = 200
	var all []audit.Event
	q := audit.Query{Subject: id.String(), Limit: page}
	for len(all) < MaxEvents {
		events, err := f.o.Read.Audit().Search(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
		if len(events) < page {
			break
		}
		q.Before = events[len(events)-1].ID
	}
	return all, nil
}
