package account

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Report is "this was not me": in one act every session ends, the password opens
// nothing any more, the primary address is mailed a link and a code for a new
// one, and every verified address is told. While an address change that was
// undone freezes recovery (TH-43), or with no address to mail to, the password
// stays. The flow secret is for the code.
func (f *Flow) Report(ctx context.Context, by user.Caller, about, lang string) (secret.Token, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return secret.Token{}, err
	}
	blocked, err := f.recoveryBlocked(ctx, by.User)
	if err != nil {
		return secret.Token{}, err
	}
	now := f.now()
	var flow secret.Token
	err = f.mailing(ctx, func(tx Tx) error {
		if _, err := tx.Sessions().EndAll(ctx, by.User, session.ID{}, session.Revoked, now, by.Event(NotMe, now, by.User).With("about", about)); err != nil {
			return err
		}
		to, err := f.primary(ctx, tx, by.User)
		if err != nil || blocked || !to.Verified() {
			return err
		}
		flow, err = f.replacePassword(ctx, tx, by, to, lang)
		return err
	})
	return flow, err
}

// replacePassword takes the password away and mails the way to a new one. The
// account's version was raised in the same transaction, so nothing proven
// against the old password is worth anything.
func (f *Flow) replacePassword(ctx context.Context, tx Tx, by user.Caller, to user.Email, lang string) (secret.Token, error) {
	now := f.now()
	u, err := tx.Users().ByID(ctx, by.User)
	if err != nil {
		return secret.Token{}, err
	}
	if keyed, err := f.onlyPasskeys(ctx, tx, u.ID); err != nil || keyed {
		return secret.Token{}, err // there is no password to replace
	}
	p, err := f.mint().New(proof.Recover, to.Key, now, RecoverLife, replaces{Password: true})
	if err != nil {
		return secret.Token{}, err
	}
	p.User, p.UserVersion = u.ID, u.Version
	err = tx.Passwords().Remove(ctx, u.ID, by.Event(PasswordRemoved, now, u.ID))
	if err != nil && !errors.Is(err, password.ErrNone) {
		return secret.Token{}, err
	}
	left, err := tx.Passwords().ByUser(ctx, u.ID)
	if err != nil && !errors.Is(err, password.ErrNone) {
		return secret.Token{}, err
	}
	p.PasswordVersion = left.Version
	if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
		return secret.Token{}, err
	}
	if err := f.tell(ctx, tx, u, mail.PasswordChanged, notice(u, by, now), lang); err != nil {
		return secret.Token{}, err
	}
	d := notice(u, by, now)
	d.Path, d.Code, d.Valid = link("/recover/password", p.LinkToken), p.Code, RecoverLife
	return p.FlowToken, f.queue(ctx, tx, mail.Recover, to.Address, readerOf(u, lang), d)
}

// PasswordRemoved: the password opens nothing any more.
var PasswordRemoved = audit.Define("password.removed", audit.Warning, "Password removed")
