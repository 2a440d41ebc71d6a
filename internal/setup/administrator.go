package setup

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Administrator is the first one, and what opens the account: a password, a
// passkey, or both.
type Administrator struct {
	Name, Email string
	Password    secret.Text
	Passkey     []byte // the answer to Ask; nil: there is none
	Lang        string
}

var passwordSet = audit.Define("password.set_by_setup", audit.Notice, "Password set")

// Ask is the question for the passkey of the first administrator. It is the
// browser's that took the code, and keeps nothing: setup is as open as before,
// whether or not anybody answers. An authenticator that is asked again keeps one
// passkey. instance.ErrSetupDone, ErrSetupClosed; user.ErrBadName, ErrBadEmail.
func (f *Flow) Ask(ctx context.Context, browser secret.Token, in Administrator) (passkey.CreationOptions, error) {
	s, err := f.o.Read.Instance().Setup(ctx)
	if err != nil {
		return passkey.CreationOptions{}, err
	}
	if !f.took(s, browser) {
		return passkey.CreationOptions{}, instance.ErrSetupClosed
	}
	u, e, err := f.person(s, browser, in)
	if err != nil {
		return passkey.CreationOptions{}, err
	}
	who := passkey.Person{ID: u.ID, Address: e.Address, Name: u.Name}
	return f.o.Passkeys.Creation(passkey.SignUp, who, f.bound(browser), nil), nil
}

// bound ties the question to the browser that took the code.
func (f *Flow) bound(browser secret.Token) string {
	d := browser.Digest(f.o.Instance)
	return "setup " + hex.EncodeToString(d[:])
}

// Complete makes the first administrator and ends setup: both or neither. The
// address counts as verified, because whoever typed it has a shell on the host.
// browser is the cookie from Take; the zero Token is the host itself.
func (f *Flow) Complete(ctx context.Context, by user.Caller, browser secret.Token, in Administrator) (user.User, error) {
	s, err := f.o.Read.Instance().Setup(ctx)
	if err != nil {
		return user.User{}, err
	}
	// Said before anything is computed; CompleteSetup decides.
	if host := browser.IsZero() && by.Actor.Type == audit.ActorHost; !host && !f.took(s, browser) {
		return user.User{}, instance.ErrSetupClosed
	}
	u, e, err := f.person(s, browser, in)
	if err != nil {
		return user.User{}, err
	}
	hash, err := f.password(ctx, by, u, e, in)
	if err != nil {
		return user.User{}, err
	}
	key, err := f.passkey(ctx, by, browser, u, in.Passkey)
	if err != nil {
		return user.User{}, err
	}
	return u, f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Instance().CompleteSetup(ctx, browser.Digest(f.o.Instance), u.CreatedAt, by.Event(instance.SetupCompleted, u.CreatedAt, u.ID)); err != nil {
			return err
		}
		if err := tx.Users().Create(ctx, u, []user.Email{e}, by.Event(user.Created, u.CreatedAt, u.ID)); err != nil {
			return err
		}
		return open(ctx, tx, by, u, hash, key)
	})
}

// open keeps what opens the account.
func open(ctx context.Context, tx Tx, by user.Caller, u user.User, hash password.Hash, key *passkey.Passkey) error {
	if key != nil {
		if err := tx.Passkeys().Insert(ctx, *key, u.Version, key.AddedBy(by)); err != nil {
			return err
		}
	}
	if hash == "" {
		return nil
	}
	c := password.Credential{User: u.ID, Version: 1, Hash: hash, ChangedAt: u.CreatedAt}
	return tx.Passwords().Set(ctx, c, by.Event(passwordSet, u.CreatedAt, u.ID))
}

// person is the account to be. For one browser it has the same id each time, which
// is what an authenticator knows it by.
func (f *Flow) person(s instance.Setup, browser secret.Token, in Administrator) (u user.User, e user.Email, err error) {
	name, err := user.CleanName(in.Name)
	if err != nil {
		return u, e, field(err, "/name")
	}
	address, key, err := user.ParseEmail(in.Email)
	if err != nil {
		return u, e, field(err, "/email")
	}
	now := f.now()
	u = user.User{ID: f.id(s, browser, now), Name: name, Locale: in.Lang, State: user.Active, Roles: []string{rbac.Admin}, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
	return u, user.Email{User: u.ID, Address: address, Key: key, VerifiedAt: now, Primary: true, CreatedAt: now}, nil
}

func (f *Flow) id(s instance.Setup, browser secret.Token, now time.Time) user.ID {
	if browser.IsZero() {
		return user.NewID(now)
	}
	d := browser.Digest(f.o.Instance)
	return user.DerivedID(s.ExpiresAt.Add(-Life), f.o.Keys.MAC("setup-administrator", d[:]))
}

// password judges and hashes the password; "" when a passkey came instead.
func (f *Flow) password(ctx context.Context, by user.Caller, u user.User, e user.Email, in Administrator) (password.Hash, error) {
	if in.Password.IsZero() && in.Passkey != nil {
		return "", nil
	}
	about := password.Context{Names: []string{u.Name}, Emails: []string{e.Address}}
	if err := f.o.Policy.Check(ctx, in.Password, about); err != nil {
		return "", err
	}
	return f.o.Hasher.Hash(ctx, password.Ticket{Class: password.SignUp, Source: by.Source.IP}, in.Password)
}

// passkey judges the answer to Ask; nil when there is none.
func (f *Flow) passkey(ctx context.Context, by user.Caller, browser secret.Token, u user.User, answer []byte) (*passkey.Passkey, error) {
	if answer == nil {
		return nil, nil
	}
	k, err := f.o.Passkeys.Register(ctx, passkey.SignUp, f.bound(browser), answer)
	if err == nil && k.User != u.ID {
		err = passkey.ErrChallenge
	}
	if err != nil {
		return nil, err
	}
	k.Name = passkey.Named(k, useragent.Describe(by.Source.UserAgent))
	return &k, nil
}

func field(err error, pointer string) error {
	p := problem.Of(err)
	return p.WithFields(problem.Field{Pointer: pointer, Code: p.Code, Message: p.Public})
}
