package account

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// address is what a pending address proof keeps, sealed.
type address struct {
	Address string
	Primary bool // for an undo: it was the primary one
}

// Emails returns the caller's addresses and those waiting to be confirmed.
func (f *Flow) Emails(ctx context.Context, by user.Caller) (have []user.Email, waiting []Pending, err error) {
	if have, err = f.o.Read.Users().Emails(ctx, by.User); err != nil {
		return nil, nil, err
	}
	proofs, err := f.o.Read.Proofs().Pending(ctx, by.User, proof.Address, f.now())
	if err != nil {
		return nil, nil, err
	}
	for _, p := range proofs {
		d, err := f.describe(p)
		if err != nil {
			return nil, nil, err
		}
		waiting = append(waiting, d)
	}
	return have, waiting, nil
}

// AddEmail mails a link and a code to a new address of the caller's account, or
// to an unverified one it has. The address counts once one of them comes back.
// When another account holds it, its owner is told and the answer is the same.
func (f *Flow) AddEmail(ctx context.Context, by user.Caller, current Proof, typed, lang string) (secret.Token, error) {
	u, err := f.confirmed(ctx, by, current)
	if err != nil {
		return secret.Token{}, err
	}
	return f.startAddress(ctx, by, u.User, typed, lang)
}

// ResendEmail mails again to an address that waits to be confirmed, or that an
// administrator entered. It needs no new proof: nothing but mail follows.
func (f *Flow) ResendEmail(ctx context.Context, by user.Caller, key, lang string) (secret.Token, error) {
	have, waiting, err := f.Emails(ctx, by)
	if err != nil {
		return secret.Token{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return secret.Token{}, err
	}
	for _, e := range have {
		if e.Key == key && !e.Verified() {
			return f.startAddress(ctx, by, u, e.Address, lang)
		}
	}
	for _, p := range waiting {
		if user.EmailKey(p.Address) == key {
			return f.startAddress(ctx, by, u, p.Address, lang)
		}
	}
	return secret.Token{}, user.ErrEmailUnknown
}

func (f *Flow) startAddress(ctx context.Context, by user.Caller, u user.User, typed, lang string) (secret.Token, error) {
	shown, key, err := user.ParseEmail(typed)
	if err != nil {
		return secret.Token{}, asField(err, "/email")
	}
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.SignupAddress, Of: key}); err != nil {
		return secret.Token{}, err
	}
	p, err := f.mint().New(proof.Address, key, f.now(), AddressLife, address{Address: shown})
	if err != nil {
		return secret.Token{}, err
	}
	p.User, p.UserVersion = u.ID, u.Version
	owner, held, err := f.o.Read.Users().ByEmail(ctx, key)
	if err != nil && !absent(err) {
		return secret.Token{}, err
	}
	if err == nil && owner.ID == u.ID && held.Verified() {
		return secret.Token{}, asField(ErrEmailYours, "/email")
	}
	taken := err == nil && owner.ID != u.ID && held.Verified()
	return p.FlowToken, f.mailing(ctx, func(tx Tx) error {
		if err := reclaim.Frozen(ctx, tx.Reclaims(), u.ID); err != nil {
			return err
		}
		if err := tx.Audit().Append(ctx, by.Event(AddressRequested, f.now(), u.ID)); err != nil {
			return err
		}
		d := notice(u, by, f.now())
		if taken {
			d.Name = owner.Name
			return f.queue(ctx, tx, mail.AccountExists, held.Address, readerOf(owner, lang), d)
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		d.Path, d.Code, d.Valid = link("/verify", p.LinkToken), p.Code, AddressLife
		return f.queue(ctx, tx, mail.VerifyAddress, shown, readerOf(u, lang), d)
	})
}

// ConfirmEmail makes the address part of the account and tells the others.
// Only the account that asked may confirm it, signed in: otherwise somebody
// could mail an owner a link that puts the owner's address on a stranger's
// account (TH-41).
func (f *Flow) ConfirmEmail(ctx context.Context, by user.Caller, a Answer, lang string) (user.Email, error) {
	p, err := f.open(ctx, by, proof.Address, a)
	if err != nil {
		return user.Email{}, err
	}
	if by.User != p.User {
		return user.Email{}, ErrConfirmElsewhere
	}
	var in address
	if err := f.mint().Payload(p, &in); err != nil {
		return user.Email{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, p.User)
	if err != nil {
		return user.Email{}, proof.ErrExpired.Because(err)
	}
	now := f.now()
	e := user.Email{User: u.ID, Address: in.Address, Key: p.Key, VerifiedAt: now, CreatedAt: now}
	err = f.mailing(ctx, func(tx Tx) error {
		if err := f.spend(ctx, tx, p, by.Event(user.Verified, now, u.ID)); err != nil {
			return err
		}
		if err := reclaim.Frozen(ctx, tx.Reclaims(), u.ID); err != nil {
			return err
		}
		d := notice(u, by, now)
		d.Detail = in.Address
		err := tx.Users().VerifyEmail(ctx, u.ID, p.Key, now, by.Event(user.Verified, now, u.ID))
		if err == nil {
			return nil // it was on the account already, unverified
		}
		if !errors.Is(err, user.ErrEmailUnknown) {
			return err
		}
		if err := f.tell(ctx, tx, u, mail.SettingChanged, d, lang); err != nil {
			return err
		}
		return tx.Users().AddEmail(ctx, e, by.Event(user.EmailAdded, now, u.ID))
	})
	return e, err
}

// MakePrimary makes a verified address the primary one. The old one is told,
// with a link that undoes it for 72 hours (PW-35).
func (f *Flow) MakePrimary(ctx context.Context, by user.Caller, current Proof, key, lang string) error {
	u, err := f.confirmed(ctx, by, current)
	if err != nil {
		return err
	}
	old, err := f.primary(ctx, f.o.Read, u.ID)
	if err != nil {
		return err
	}
	if old.Key == key {
		return nil
	}
	now := f.now()
	return f.withUndo(ctx, by, u, old, lang, func(tx Tx) error {
		return tx.Users().SetPrimary(ctx, u.ID, key, now, by.Event(user.EmailChanged, now, u.ID))
	})
}

// RemoveEmail takes an address off the account. It is told, with an undo link.
func (f *Flow) RemoveEmail(ctx context.Context, by user.Caller, current Proof, key, lang string) error {
	u, err := f.confirmed(ctx, by, current)
	if err != nil {
		return err
	}
	have, err := f.o.Read.Users().Emails(ctx, u.ID)
	if err != nil {
		return err
	}
	now := f.now()
	for _, e := range have {
		if e.Key == key {
			return f.withUndo(ctx, by, u, e, lang, func(tx Tx) error {
				// What was mailed there opens nothing any more.
				if err := tx.Proofs().Cancel(ctx, u.ID, proof.Recover, key, now); err != nil {
					return err
				}
				return staysBound(ctx, tx, u.ID, func() error {
					return tx.Users().RemoveEmail(ctx, u.ID, key, now, by.Event(user.EmailRemoved, now, u.ID))
				})
			})
		}
	}
	return f.cancelWaiting(ctx, by, key, now)
}

// staysBound makes a change, unless with it an organisation's required sign-in would
// bind somebody no more who stays one of its people (TH-40).
func staysBound(ctx context.Context, tx Tx, owner user.ID, change func() error) error {
	before, err := tx.Organizations().Bound(ctx, owner)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := tx.Organizations().Bound(ctx, owner)
	if err == nil && len(after) < len(before) {
		return organization.ErrSSOAddress
	}
	return err
}

// cancelWaiting forgets an address that was never confirmed.
func (f *Flow) cancelWaiting(ctx context.Context, by user.Caller, key string, now time.Time) error {
	_, waiting, err := f.Emails(ctx, by)
	if err != nil {
		return err
	}
	for _, p := range waiting {
		if user.EmailKey(p.Address) == key {
			return f.o.Read.Proofs().Cancel(ctx, by.User, proof.Address, key, now)
		}
	}
	return user.ErrEmailUnknown
}

// withUndo runs a change to addresses and mails an undo link to the address
// that lost by it, when that address was proven; the others are told.
func (f *Flow) withUndo(ctx context.Context, by user.Caller, u owner, lost user.Email, lang string, change func(Tx) error) error {
	was, err := f.wasPrimary(ctx, lost)
	if err != nil {
		return err
	}
	p, err := f.mint().New(proof.Undo, lost.Key, f.now(), UndoLife, address{Address: lost.Address, Primary: was})
	if err != nil {
		return err
	}
	p = p.LinkOnly()
	p.User = u.ID
	d := notice(u.User, by, f.now())
	d.Detail = lost.Address
	return f.mailing(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		if err := reclaim.Frozen(ctx, tx.Reclaims(), u.ID); err != nil {
			return err
		}
		if err := f.tell(ctx, tx, u.User, mail.SettingChanged, d, lang); err != nil {
			return err
		}
		if err := change(tx); err != nil || !lost.Verified() {
			return err
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		now, err := f.primary(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		d.Address = now.Address
		d.Path, d.Valid = link("/account/undo", p.LinkToken), UndoLife
		return f.queue(ctx, tx, mail.AddressChanged, lost.Address, readerOf(u.User, lang), d)
	})
}

// wasPrimary reports whether lost is the primary address, or was before a change
// that can still be undone: the new undo link replaces the one of that change and
// must give back as much (TH-43).
func (f *Flow) wasPrimary(ctx context.Context, lost user.Email) (bool, error) {
	undos, err := f.o.Read.Proofs().Pending(ctx, lost.User, proof.Undo, f.now())
	if err != nil || lost.Primary {
		return lost.Primary, err
	}
	for _, p := range undos {
		var was address
		if err := f.mint().Payload(p, &was); err != nil {
			return false, err
		}
		if p.Key == lost.Key && was.Primary {
			return true, nil
		}
	}
	return false, nil
}

// Undo takes back a change to addresses: the address returns as it was, every
// session ends, and for 72 hours no address resets the password (TH-43). It
// never signs in.
func (f *Flow) Undo(ctx context.Context, by user.Caller, a Answer) error {
	p, err := f.open(ctx, by, proof.Undo, a)
	if err != nil {
		return err
	}
	var was address
	if err := f.mint().Payload(p, &was); err != nil {
		return err
	}
	frozen, err := f.mint().New(proof.Frozen, p.Key, f.now(), UndoLife, nil)
	if err != nil {
		return err
	}
	frozen = frozen.LinkOnly()
	frozen.User = p.User
	now := f.now()
	return f.mailing(ctx, func(tx Tx) error {
		if err := f.spend(ctx, tx, p, by.Event(user.EmailRestored, now, p.User)); err != nil {
			return err
		}
		if err := f.restore(ctx, tx, by, p, was, now); err != nil {
			return err
		}
		if _, err := tx.Sessions().EndAll(ctx, p.User, session.ID{}, session.AddressUndone, now, by.Event(SessionsEnded, now, p.User)); err != nil {
			return err
		}
		return tx.Proofs().Put(ctx, frozen.Proof)
	})
}

func (f *Flow) restore(ctx context.Context, tx Tx, by user.Caller, p proof.Proof, was address, now time.Time) error {
	emails, err := tx.Users().Emails(ctx, p.User)
	if err != nil {
		return err
	}
	there := false
	for _, e := range emails {
		there = there || e.Key == p.Key
	}
	if !there {
		// A thief who filled the list with addresses has not kept this one out (TH-43).
		if len(emails) >= user.MaxEmails {
			newest := emails[len(emails)-1]
			if err := tx.Users().RemoveEmail(ctx, p.User, newest.Key, now, by.Event(user.EmailRemoved, now, p.User)); err != nil {
				return err
			}
		}
		e := user.Email{User: p.User, Address: was.Address, Key: p.Key, VerifiedAt: now, CreatedAt: now}
		if err := tx.Users().AddEmail(ctx, e, by.Event(user.EmailAdded, now, p.User)); err != nil {
			return err
		}
	}
	if !was.Primary {
		return nil
	}
	return tx.Users().SetPrimary(ctx, p.User, p.Key, now, by.Event(user.EmailChanged, now, p.User))
}
