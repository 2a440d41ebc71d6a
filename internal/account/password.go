package account

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// PasswordChange replaces a password, or gives an account that has none its first.
type PasswordChange struct {
	By         user.Caller
	Current    Proof
	New        secret.Text
	KeepOthers bool // leave the other sessions alone; by default they end (PW-8)
	Lang       string
}

// ChangePassword sets a new password by the old one or a passkey, ends the other sessions unless asked not
// to, and tells every verified address. The caller's own session stays, and its
// secret should be rotated by the caller afterwards (SE-3).
func (f *Flow) ChangePassword(ctx context.Context, in PasswordChange) error {
	u, err := f.confirmed(ctx, in.By, in.Current)
	if err != nil {
		return err
	}
	hash, err := f.newHash(ctx, in.By, u.User, in.New, password.Change)
	if err != nil {
		return err
	}
	now := f.now()
	keep, _ := session.ParseID(in.By.Session)
	return f.mailing(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		old, what, err := replaced(ctx, tx, u)
		if err != nil {
			return err
		}
		c := password.Credential{User: u.ID, Version: old + 1, Hash: hash, ChangedAt: now}
		if err := tx.Passwords().Set(ctx, c, in.By.Event(what, now, u.ID)); err != nil {
			return err
		}
		if !in.KeepOthers {
			if _, err := tx.Sessions().EndAll(ctx, u.ID, keep, session.PasswordChanged, now, in.By.Event(SessionsEnded, now, u.ID)); err != nil {
				return err
			}
		}
		return f.tell(ctx, tx, u.User, mail.PasswordChanged, notice(u.User, in.By, now), in.Lang)
	})
}

// newPassword is the member of the input that refusals of a new password name.
const newPassword = "/new_password"

// newHash checks a new password against policy and hashes it.
func (f *Flow) newHash(ctx context.Context, by user.Caller, u user.User, text secret.Text, class password.Class) (password.Hash, error) {
	about := password.Context{Names: []string{u.Name}, Field: newPassword}
	emails, err := f.o.Read.Users().Emails(ctx, u.ID)
	if err != nil {
		return "", err
	}
	for _, e := range emails {
		about.Emails = append(about.Emails, e.Address)
	}
	if err := f.o.Policy.Check(ctx, text, about); err != nil {
		return "", err
	}
	return f.o.Hasher.Hash(ctx, password.Ticket{Class: class, Source: by.Source.IP}, text)
}

// asField names the member that a refusal of the input is about.
func asField(err error, pointer string) error {
	p := problem.Of(err)
	if p.Kind != problem.Unprocessable {
		return err
	}
	return ErrInput.Because(err).WithFields(problem.Field{Pointer: pointer, Code: p.Code, Message: p.Public})
}

// StartRecovery mails a link and a code to the address if an active account
// holds it, and always returns a flow secret (PW-30).
func (f *Flow) StartRecovery(ctx context.Context, by user.Caller, identifier, lang string) (secret.Token, error) {
	key := user.EmailKey(identifier)
	err := f.limit(ctx,
		ratelimit.Key{Limit: ratelimit.RecoverSource, Of: ratelimit.SourceOf(by.Source.IP)},
		ratelimit.Key{Limit: ratelimit.RecoverAccount, Of: key})
	if err != nil {
		return secret.Token{}, err
	}
	u, email, err := f.o.Read.Users().ByEmail(ctx, key)
	if err != nil && !absent(err) {
		return secret.Token{}, err
	}
	p, err := f.mint().New(proof.Recover, key, f.now(), RecoverLife, nil)
	if err != nil {
		return secret.Token{}, err
	}
	reachable := u.State == user.Active && email.Verified()
	if reachable {
		blocked, err := f.recoveryBlocked(ctx, u.ID)
		if err != nil {
			return secret.Token{}, err
		}
		reachable = !blocked
	}
	if !reachable {
		return p.FlowToken, f.o.Read.Audit().Append(ctx, by.Event(RecoveryRequested, f.now(), user.ID{}).Failed("failure", "unknown_identifier"))
	}
	return p.FlowToken, f.mailRecovery(ctx, by, u, email, p, lang)
}

func (f *Flow) mailRecovery(ctx context.Context, by user.Caller, u user.User, email user.Email, p proof.Minted, lang string) error {
	c, err := f.o.Read.Passwords().ByUser(ctx, u.ID)
	if err != nil && !errors.Is(err, password.ErrNone) {
		return err
	}
	keyed, err := f.onlyPasskeys(ctx, f.o.Read, u.ID)
	if err != nil {
		return err
	}
	p.User, p.UserVersion, p.PasswordVersion = u.ID, u.Version, c.Version
	d := notice(u, by, f.now())
	d.Path, d.Code, d.Valid = link("/recover/password", p.LinkToken), p.Code, RecoverLife
	return f.mailing(ctx, func(tx Tx) error {
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		if err := tx.Audit().Append(ctx, by.Event(RecoveryRequested, f.now(), u.ID)); err != nil {
			return err
		}
		template := mail.Recover
		if keyed {
			template = mail.RecoverPasskeys
		}
		return f.queue(ctx, tx, template, email.Address, readerOf(u, lang), d)
	})
}

// recoveryBlocked reports whether an address change was undone so recently that
// neither address may reset the password (TH-43).
func (f *Flow) recoveryBlocked(ctx context.Context, id user.ID) (bool, error) {
	marks, err := f.o.Read.Proofs().Pending(ctx, id, proof.Frozen, f.now())
	return len(marks) > 0, err
}

// TradeCode turns the mailed code into a secret like the one in the link, so that
// the next page can ask for the new password. It works for a quarter of an hour.
func (f *Flow) TradeCode(ctx context.Context, by user.Caller, a Answer) (secret.Token, error) {
	p, err := f.open(ctx, by, proof.Recover, Answer{Flow: a.Flow, Code: a.Code})
	if err != nil {
		return secret.Token{}, err
	}
	const life = 15 * time.Minute
	had, err := f.had(p)
	if err != nil {
		return secret.Token{}, err
	}
	next, err := f.mint().New(proof.Recover, p.Key, f.now(), life, had)
	if err != nil {
		return secret.Token{}, err
	}
	next = next.LinkOnly()
	next.User, next.UserVersion, next.PasswordVersion = p.User, p.UserVersion, p.PasswordVersion
	return next.LinkToken, f.o.InTx(ctx, func(tx Tx) error {
		if err := f.spend(ctx, tx, p, by.Event(CodeAccepted, f.now(), p.User)); err != nil {
			return err
		}
		return tx.Proofs().Put(ctx, next.Proof)
	})
}

// FinishRecovery sets a new password, ends every session and tells every
// verified address. It does not sign in (PW-33).
func (f *Flow) FinishRecovery(ctx context.Context, by user.Caller, a Answer, text secret.Text, lang string) (user.User, error) {
	// Judged before the code, so that a password refused does not cost a try.
	if err := f.o.Policy.Check(ctx, text, password.Context{Field: newPassword}); err != nil {
		return user.User{}, err
	}
	p, err := f.open(ctx, by, proof.Recover, a)
	if err != nil {
		return user.User{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, p.User)
	if err != nil {
		return user.User{}, proof.ErrExpired.Because(err)
	}
	if err := f.admitRecovery(ctx, f.o.Read, p); err != nil {
		return user.User{}, err
	}
	hash, err := f.newHash(ctx, by, u, text, password.Reset)
	if err != nil {
		return user.User{}, err
	}
	now := f.now()
	err = f.mailing(ctx, func(tx Tx) error {
		if err := f.admitRecovery(ctx, tx, p); err != nil {
			return err
		}
		if err := f.spend(ctx, tx, p, by.Event(RecoveryCompleted, now, u.ID)); err != nil {
			return err
		}
		c := password.Credential{User: u.ID, Version: p.PasswordVersion + 1, Hash: hash, ChangedAt: now}
		if err := tx.Passwords().Set(ctx, c, by.Event(PasswordChanged, now, u.ID)); err != nil {
			return err
		}
		if _, err := tx.Sessions().EndAll(ctx, u.ID, session.ID{}, session.PasswordReset, now, by.Event(SessionsEnded, now, u.ID)); err != nil {
			return err
		}
		return f.tell(ctx, tx, u, mail.Recovered, notice(u, by, now), lang)
	})
	return u, err
}
