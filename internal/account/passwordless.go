package account

import (
	"cmp"
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var (
	// ErrLastPassword: without the password nobody could sign in any more.
	ErrLastPassword = problem.New(problem.Conflict, "password_last", "The password is your only way to sign in. Add a passkey first.")
	// ErrPasskeysOnly: the account signs in by passkeys alone, and mail opens no weaker way.
	ErrPasskeysOnly = problem.New(problem.Forbidden, "recovery_passkeys_only", "This account signs in with a passkey and has no password to reset. Use the passkey on any device that has it or, if all are lost, start the recovery that takes a waiting time.")
)

// RemovePassword takes the caller's password away, ends the other sessions and tells
// every verified address. From then on passkeys alone open the account. ErrLastPassword
// where there is none that signs in by itself (PW-72), password.ErrNone.
func (f *Flow) RemovePassword(ctx context.Context, by user.Caller, current Proof, lang string) error {
	u, err := f.confirmedFully(ctx, by, current)
	if err != nil {
		return err
	}
	now := f.now()
	keep, _ := session.ParseID(by.Session)
	return f.mailing(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		if able, err := signsIn(ctx, tx, u.ID); err != nil || !able {
			return cmp.Or[error](err, ErrLastPassword)
		}
		if err := tx.Passwords().Remove(ctx, u.ID, by.Event(PasswordRemoved, now, u.ID)); err != nil {
			return err
		}
		if _, err := tx.Sessions().EndAll(ctx, u.ID, keep, session.PasswordChanged, now, by.Event(SessionsEnded, now, u.ID)); err != nil {
			return err
		}
		return f.tell(ctx, tx, u.User, mail.PasswordRemoved, notice(u.User, by, now), lang)
	})
}

// signsIn reports whether a passkey opens the account without anything else.
func signsIn(ctx context.Context, tx Tx, id user.ID) (bool, error) {
	have, err := tx.Passkeys().Of(ctx, id)
	for _, k := range have {
		if k.Discoverable {
			return true, err
		}
	}
	return false, err
}

// replaced is the version of the password that a new one follows, and what the change
// is called.
func replaced(ctx context.Context, tx Tx, u owner) (version int64, what audit.Name, err error) {
	c, err := tx.Passwords().ByUser(ctx, u.ID)
	if errors.Is(err, password.ErrNone) {
		return c.Version, PasswordSet, nil
	}
	return c.Version, PasswordChanged, err
}

// onlyPasskeys reports whether passkeys are all that opens the account. Then no mail
// makes a password for it: one factor would stand in for two (TH-42, PW-33).
func (f *Flow) onlyPasskeys(ctx context.Context, tx Tx, id user.ID) (bool, error) {
	_, err := tx.Passwords().ByUser(ctx, id)
	if !errors.Is(err, password.ErrNone) {
		return false, err
	}
	have, err := tx.Passkeys().Of(ctx, id)
	return len(have) > 0, err
}

// replaces is what a recovery keeps that follows "this was not me": the password was
// there until then.
type replaces struct{ Password bool }

func (f *Flow) had(p proof.Proof) (r replaces, err error) {
	if len(p.Payload) == 0 {
		return r, nil
	}
	return r, f.mint().Payload(p, &r)
}

// admitRecovery refuses to make a password where passkeys are all that opens the
// account, whoever mailed the link. The way back in is a claim (see package rescue):
// by waiting, by two administrators, or by the host, whose links never lead here
// for such an account.
func (f *Flow) admitRecovery(ctx context.Context, tx Tx, p proof.Proof) error {
	keyed, err := f.onlyPasskeys(ctx, tx, p.User)
	if err != nil || !keyed {
		return err
	}
	had, err := f.had(p)
	if err == nil && !had.Password {
		err = ErrPasskeysOnly
	}
	return err
}
