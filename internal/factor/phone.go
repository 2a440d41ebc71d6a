package factor

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Phones is what adding phones needs. Nil in Options: none are added.
type Phones struct {
	Budget phone.Budget
	Voice  bool // calls too
}

// Telephone is a phone with its number.
type Telephone struct {
	phone.Phone
	Number phone.Number
}

// PhonesOn reports whether phones can be added here, and whether calls are made.
func (f *Flow) PhonesOn() (sms, voice bool) {
	return f.o.Phones != nil, f.o.Phones != nil && f.o.Phones.Voice
}

func (f *Flow) mint() proof.Mint { return proof.Mint{Keys: f.o.Keys} }

func (f *Flow) telephones(ctx context.Context, owner user.ID) ([]Telephone, error) {
	have, err := f.o.Read.Phones().Of(ctx, owner)
	if err != nil {
		return nil, err
	}
	all := make([]Telephone, len(have))
	for i, p := range have {
		n, err := p.Open(f.o.Keys)
		if err != nil {
			return nil, err
		}
		all[i] = Telephone{p, n}
	}
	return all, nil
}

// BeginPhone starts adding a number: a code is sent there, and ConfirmPhone takes
// it. A phone is no second step beside an authenticator app. phone.ErrOff, ErrNumber,
// ErrPremium, ErrRegion, ErrBudget, ErrVoice, ErrTooMany, ErrStronger,
// ratelimit.ErrLimited, and what a proof may fail with.
func (f *Flow) BeginPhone(ctx context.Context, by user.Caller, p Proof, typed string, voice bool, lang string) (Telephone, error) {
	switch o := f.o.Phones; {
	case o == nil:
		return Telephone{}, phone.ErrOff
	case voice && !o.Voice:
		return Telephone{}, phone.ErrVoice
	}
	n, err := phone.Parse(typed)
	if err != nil {
		return Telephone{}, err
	}
	charges, err := f.o.Phones.Budget.Charges(f.o.Keys, n)
	if err != nil {
		return Telephone{}, err
	}
	u, err := f.confirmed(ctx, by, p)
	if err != nil {
		return Telephone{}, err
	}
	have, err := f.Of(ctx, u.ID)
	switch {
	case err != nil:
		return Telephone{}, err
	case len(have.Apps) > 0:
		return Telephone{}, phone.ErrStronger
	case len(have.Phones) >= phone.MaxPhones:
		return Telephone{}, phone.ErrTooMany
	}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(
		ratelimit.Key{Limit: ratelimit.PhoneSource, Of: ratelimit.SourceOf(by.Source.IP)},
		ratelimit.Key{Limit: ratelimit.PhoneAccount, Of: u.ID.String()}))
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return Telephone{}, err
	}
	t := Telephone{phone.New(f.o.Keys, u.ID, n, f.now()), n}
	return t, f.sendNumber(ctx, by, u, t, charges, voice, lang)
}

// sendNumber keeps the phone and what its number is proven by, and charges the code.
func (f *Flow) sendNumber(ctx context.Context, by user.Caller, u owner, t Telephone, charges []phone.Charge, voice bool, lang string) error {
	now := f.now()
	p, err := f.mint().New(proof.Number, t.ID.String(), now, phone.CodeLife, nil)
	if err != nil {
		return err
	}
	p = p.CodeOnly()
	p.User, p.UserVersion = u.ID, u.Version
	if u.Locale != "" {
		lang = u.Locale
	}
	channel := mail.SMS
	if voice {
		channel = mail.Voice
	}
	q, err := f.o.Mailer.Queue(mail.Message{Template: mail.PhoneCode, Channel: channel, To: string(t.Number), Lang: lang, Data: mail.Data{Code: p.Code, Valid: phone.CodeLife}})
	if err != nil {
		return err
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		if err := tx.Phones().Charge(ctx, phone.Day(now), charges); err != nil {
			return err
		}
		if err := tx.Phones().Begin(ctx, t.Phone); err != nil {
			return err
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, by.Event(phone.CodeSent, now, u.ID).With("phone", t.ID.String()).With("channel", channel))
	})
	if errors.Is(err, phone.ErrBudget) {
		return errors.Join(err, f.o.Read.Audit().Append(ctx, by.Event(phone.Spent, now, u.ID).With("phone", t.ID.String())))
	}
	if err == nil {
		f.o.Mailer.Wake()
	}
	return err
}

// ConfirmPhone ends what BeginPhone began with the code that came. With the
// account's first factor come recovery codes, so that a phone is never the only way
// back; the slice is nil otherwise. phone.ErrCode, phone.ErrPending, phone.ErrTooMany.
func (f *Flow) ConfirmPhone(ctx context.Context, by user.Caller, id phone.ID, code secret.Text, lang string) ([]secret.Text, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return nil, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return nil, err
	}
	now := f.now()
	kept, err := f.o.Read.Phones().Pending(ctx, u.ID, id, now.Add(-phone.PendingLife))
	if err != nil {
		return nil, err
	}
	n, err := kept.Open(f.o.Keys)
	if err != nil {
		return nil, err
	}
	p, err := f.numberProof(ctx, u, id, code)
	if err != nil {
		return nil, err
	}
	codes, digests := recovery.New(f.o.Keys, u.ID)
	var first bool
	err = f.telling(ctx, u, by, mail.FactorAdded, n.Masked(), lang, func(tx Tx) error {
		if err := tx.Users().Hold(ctx, u.ID, u.Version, 0); err != nil {
			return err
		}
		if err := tx.Proofs().Spend(ctx, p.ID, now, by.Event(phone.CodeUsed, now, u.ID).With("phone", id.String())); err != nil {
			return err
		}
		if err := tx.Phones().Confirm(ctx, u.ID, id, now, by.Event(phone.Added, now, u.ID).With("phone", id.String())); err != nil {
			return err
		}
		st, err := tx.Recovery().State(ctx, u.ID)
		if first = st.CreatedAt.IsZero(); err != nil || !first {
			return err
		}
		return tx.Recovery().Replace(ctx, u.ID, digests, now, by.Event(recovery.Made, now, u.ID))
	})
	if errors.Is(err, proof.ErrExpired) {
		return nil, phone.ErrPending.Because(err)
	}
	if err != nil || !first {
		return nil, err
	}
	return codes, nil
}

// numberProof judges the code of a number, and counts the try first.
func (f *Flow) numberProof(ctx context.Context, u user.User, id phone.ID, code secret.Text) (proof.Proof, error) {
	all, err := f.o.Read.Proofs().Pending(ctx, u.ID, proof.Number, f.now())
	if err != nil {
		return proof.Proof{}, err
	}
	i := slices.IndexFunc(all, func(p proof.Proof) bool { return p.Key == id.String() })
	if i < 0 {
		return proof.Proof{}, phone.ErrPending
	}
	err = f.o.Read.Proofs().Attempt(ctx, all[i].ID, f.now())
	if errors.Is(err, proof.ErrExpired) {
		return proof.Proof{}, phone.ErrPending.Because(err)
	}
	if err == nil && !f.mint().Fits(all[i], code) {
		err = phone.ErrCode
	}
	return all[i], err
}

// RemovePhone takes one of the caller's phones away; with the last factor go the
// recovery codes. phone.ErrUnknown, and what a proof may fail with.
func (f *Flow) RemovePhone(ctx context.Context, by user.Caller, p Proof, id phone.ID, lang string) error {
	u, err := f.confirmed(ctx, by, p)
	if err != nil {
		return err
	}
	return f.removePhone(ctx, by, u, id, lang)
}

// RemovePhoneFor takes a phone of somebody else away. The caller must be the host (TH-42).
func (f *Flow) RemovePhoneFor(ctx context.Context, by user.Caller, of user.ID, id phone.ID) error {
	u, err := f.o.Read.Users().ByID(ctx, of)
	if err != nil {
		return err
	}
	return f.removePhone(ctx, by, owner{User: u}, id, "en")
}

func (f *Flow) removePhone(ctx context.Context, by user.Caller, u owner, id phone.ID, lang string) error {
	have, err := f.telephones(ctx, u.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(have, func(t Telephone) bool { return t.ID == id })
	if i < 0 {
		return phone.ErrUnknown
	}
	now := f.now()
	return f.telling(ctx, u.User, by, mail.FactorRemoved, have[i].Number.Masked(), lang, func(tx Tx) error {
		if err := hold(ctx, tx, u); u.State == user.Active && err != nil {
			return err
		}
		if err := tx.Phones().Remove(ctx, u.ID, id, by.Event(phone.Removed, now, u.ID).With("phone", id.String())); err != nil {
			return err
		}
		return clearCodes(ctx, tx, u.ID)
	})
}

// clearCodes takes recovery codes away from who has nothing left to recover.
func clearCodes(ctx context.Context, tx Tx, owner user.ID) error {
	apps, err := tx.TOTP().Of(ctx, owner)
	if err != nil || len(apps) > 0 {
		return err
	}
	phones, err := tx.Phones().Of(ctx, owner)
	if err != nil || len(phones) > 0 {
		return err
	}
	return tx.Recovery().Clear(ctx, owner)
}
