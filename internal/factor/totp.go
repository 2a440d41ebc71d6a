package factor

import (
	"context"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// defaultName is what an app is called when its owner does not say.
const defaultName = "Authenticator"

// Enrolment is an app that waits for its first code. Secret and URI are shown once.
type Enrolment struct {
	Device totp.Device
	Secret secret.Text
	URI    string // for the QR code; it holds the secret
}

// Factors are what an account has beyond its password.
type Factors struct {
	Apps     []totp.Device
	Recovery recovery.State
	Passkeys []passkey.Passkey
	Phones   []Telephone
}

// Enrolled reports whether the account is asked for a second step after its
// password. Passkeys ask for none: they are both steps at once.
func (f Factors) Enrolled() bool { return len(f.Apps)+len(f.Phones) > 0 }

// List returns the caller's second factors.
func (f *Flow) List(ctx context.Context, by user.Caller) (Factors, error) { return f.Of(ctx, by.User) }

// Of returns an account's factors.
func (f *Flow) Of(ctx context.Context, id user.ID) (all Factors, err error) {
	if all.Apps, err = f.o.Read.TOTP().Of(ctx, id); err != nil {
		return all, err
	}
	if all.Passkeys, err = f.o.Read.Passkeys().Of(ctx, id); err != nil {
		return all, err
	}
	if all.Phones, err = f.telephones(ctx, id); err != nil {
		return all, err
	}
	all.Recovery, err = f.o.Read.Recovery().State(ctx, id)
	return all, err
}

// Begin starts setting up an app, which counts once Confirm has seen its first
// code. It forgets an earlier start. totp.ErrTooMany, and what a proof may fail with.
func (f *Flow) Begin(ctx context.Context, by user.Caller, p Proof, name string) (Enrolment, error) {
	u, err := f.confirmed(ctx, by, p)
	if err != nil {
		return Enrolment{}, err
	}
	have, err := f.Of(ctx, u.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if len(have.Apps) >= totp.MaxDevices {
		return Enrolment{}, totp.ErrTooMany
	}
	emails, err := f.o.Read.Users().Emails(ctx, u.ID)
	if err != nil {
		return Enrolment{}, err
	}
	label := u.Name
	if len(emails) > 0 {
		label = emails[0].Address
	}
	d, key := totp.New(f.o.Keys, u.ID, totp.CleanName(name, defaultName), f.now())
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		return tx.TOTP().Begin(ctx, d)
	})
	return Enrolment{d, key, totp.URI(f.o.Issuer, label, key)}, err
}

// Confirm ends an enrolment with the app's first code. With the account's first
// factor come recovery codes; the slice is nil otherwise. totp.ErrCode,
// totp.ErrPending, ratelimit.ErrLimited.
func (f *Flow) Confirm(ctx context.Context, by user.Caller, id totp.ID, code secret.Text, lang string) ([]secret.Text, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return nil, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return nil, err
	}
	now := f.now()
	d, err := f.o.Read.TOTP().Pending(ctx, u.ID, id, now.Add(-totp.PendingLife))
	if err != nil {
		return nil, err
	}
	step, ok, err := d.Match(f.o.Keys, code, now)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, totp.ErrCode
	}
	codes, kept := recovery.New(f.o.Keys, u.ID)
	var first bool
	err = f.telling(ctx, u, by, mail.FactorAdded, d.Name, lang, func(tx Tx) error {
		if err := tx.Users().Hold(ctx, u.ID, u.Version, 0); err != nil {
			return err
		}
		if err := tx.TOTP().Confirm(ctx, u.ID, id, step, now, by.Event(totp.Added, now, u.ID).With("name", d.Name)); err != nil {
			return err
		}
		st, err := tx.Recovery().State(ctx, u.ID)
		if first = st.CreatedAt.IsZero(); err != nil || !first {
			return err
		}
		return tx.Recovery().Replace(ctx, u.ID, kept, now, by.Event(recovery.Made, now, u.ID))
	})
	if err != nil || !first {
		return nil, err
	}
	return codes, nil
}

// Rename gives one of the caller's apps another name. totp.ErrUnknown.
func (f *Flow) Rename(ctx context.Context, by user.Caller, id totp.ID, name string) error {
	name = totp.CleanName(name, defaultName)
	return f.o.Read.TOTP().Rename(ctx, by.User, id, name, by.Event(totp.Renamed, f.now(), by.User).With("name", name))
}

// Remove takes one of the caller's apps away; with the last one go the recovery
// codes. totp.ErrUnknown, and what a proof may fail with.
func (f *Flow) Remove(ctx context.Context, by user.Caller, p Proof, id totp.ID, lang string) error {
	u, err := f.confirmed(ctx, by, p)
	if err != nil {
		return err
	}
	return f.remove(ctx, by, u, id, lang)
}

// RemoveFor takes an app of somebody else away. The caller must be the host (TH-42).
func (f *Flow) RemoveFor(ctx context.Context, by user.Caller, of user.ID, id totp.ID) error {
	u, err := f.o.Read.Users().ByID(ctx, of)
	if err != nil {
		return err
	}
	return f.remove(ctx, by, owner{User: u}, id, "en")
}

func (f *Flow) remove(ctx context.Context, by user.Caller, u owner, id totp.ID, lang string) error {
	have, err := f.Of(ctx, u.ID)
	if err != nil {
		return err
	}
	name, found := "", false
	for _, d := range have.Apps {
		if d.ID == id {
			name, found = d.Name, true
		}
	}
	if !found {
		return totp.ErrUnknown
	}
	now := f.now()
	return f.telling(ctx, u.User, by, mail.FactorRemoved, name, lang, func(tx Tx) error {
		if err := hold(ctx, tx, u); u.State == user.Active && err != nil {
			return err
		}
		if err := tx.TOTP().Remove(ctx, u.ID, id, by.Event(totp.Removed, now, u.ID).With("name", name)); err != nil {
			return err
		}
		return clearCodes(ctx, tx, u.ID)
	})
}

// Renew makes a new set of recovery codes in the place of the old one. They are
// shown once. ErrNoFactor, and what a proof may fail with.
func (f *Flow) Renew(ctx context.Context, by user.Caller, p Proof, lang string) ([]secret.Text, error) {
	u, err := f.confirmed(ctx, by, p)
	if err != nil {
		return nil, err
	}
	codes, kept := recovery.New(f.o.Keys, u.ID)
	now := f.now()
	err = f.telling(ctx, u.User, by, mail.RecoveryRenewed, "", lang, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		apps, err := tx.TOTP().Of(ctx, u.ID)
		if err != nil {
			return err
		}
		phones, err := tx.Phones().Of(ctx, u.ID)
		if err == nil && len(apps)+len(phones) == 0 {
			err = ErrNoFactor
		}
		if err != nil {
			return err
		}
		return tx.Recovery().Replace(ctx, u.ID, kept, now, by.Event(recovery.Made, now, u.ID))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}
