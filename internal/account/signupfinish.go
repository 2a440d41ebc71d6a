package account

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// ErrPasswordAsked: the link was opened where nobody had asked to sign up.
var ErrPasswordAsked = problem.New(problem.Unprocessable, "signup_password_needed", "Choose a password for this account: the sign-up was started in another browser.")

// Chosen is what is to open a new account: a password, a passkey, or both.
type Chosen struct {
	Password secret.Text
	Passkey  []byte // the answer to the question in SignedUp or Pending
}

// SignedUp is a new account; or, where one was asked for without a password and
// none was chosen, the question for its passkey, and there is no account yet.
type SignedUp struct {
	User user.User
	Ask  *passkey.CreationOptions // also beside a refusal of the passkey: for another try
}

// FinishSignUp makes the account. It does not sign in: whoever typed the code
// may not be who chose the password.
//
// Anybody can sign up with an address that is not theirs and a password that
// they know. So the password chosen then counts only where the flow secret comes
// back too; elsewhere whoever holds the link chooses what opens the account, or it is
// ErrPasswordAsked (PW-36, TH-41). A passkey is made by whoever shows that the address
// is theirs, never before.
func (f *Flow) FinishSignUp(ctx context.Context, by user.Caller, a Answer, chosen Chosen) (SignedUp, error) {
	p, err := f.open(ctx, by, proof.SignUp, a)
	if err != nil {
		return SignedUp{}, err
	}
	in, err := f.wished(p)
	if err != nil {
		return SignedUp{}, err
	}
	keyless := in.Hash == ""
	if !f.asked(p, a) {
		in.Hash = ""
	}
	if !chosen.Password.IsZero() {
		if err := f.rechoose(ctx, by, &in, chosen.Password); err != nil {
			return SignedUp{Ask: f.askFirst(p, in)}, err
		}
	}
	switch {
	case in.Hash != "" || chosen.Passkey != nil:
	case keyless:
		return SignedUp{Ask: f.askFirst(p, in)}, nil
	default:
		return SignedUp{}, ErrPasswordAsked.WithFields(problem.Field{Pointer: newPassword, Code: ErrPasswordAsked.Code, Message: ErrPasswordAsked.Public})
	}
	first, err := f.firstPasskey(ctx, by, p, &in, chosen.Passkey)
	if err != nil {
		return SignedUp{Ask: f.askFirst(p, in)}, err
	}
	u, err := f.signedUp(ctx, by, p, in, first)
	return SignedUp{User: u}, err
}

// signedUp keeps the account with what opens it: all or nothing.
func (f *Flow) signedUp(ctx context.Context, by user.Caller, p proof.Proof, in signUp, first *passkey.Passkey) (user.User, error) {
	now := f.now()
	u := user.User{ID: in.User, Name: in.Name, Locale: in.Lang, State: user.Active, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
	email := user.Email{User: u.ID, Address: in.Address, Key: p.Key, VerifiedAt: now, Primary: true, CreatedAt: now}
	err := f.mailing(ctx, func(tx Tx) error {
		if err := f.spend(ctx, tx, p, by.Event(user.Verified, now, u.ID)); err != nil {
			return err
		}
		if err := tx.Users().Create(ctx, u, []user.Email{email}, by.Event(user.Created, now, u.ID)); err != nil {
			return err
		}
		if first != nil {
			if err := tx.Passkeys().Insert(ctx, *first, u.Version, first.AddedBy(by)); err != nil {
				return err
			}
		}
		if in.Hash == "" {
			return nil
		}
		c := password.Credential{User: u.ID, Version: 1, Hash: password.Hash(in.Hash), ChangedAt: now}
		return tx.Passwords().Set(ctx, c, by.Event(PasswordSet, now, u.ID))
	})
	if errors.Is(err, user.ErrEmailTaken) {
		// Somebody proved the same address first, by another way.
		return user.User{}, proof.ErrExpired.Because(err)
	}
	return u, err
}

// wished is the account that p is to make.
func (f *Flow) wished(p proof.Proof) (in signUp, err error) {
	err = f.mint().Payload(p, &in)
	if in.User.IsZero() { // kept by an older version
		in.User = user.NewID(f.now())
	}
	return in, err
}

// askFirst asks for the first passkey of the account that p is to make. Who answers
// must hold p all the same.
func (f *Flow) askFirst(p proof.Proof, in signUp) *passkey.CreationOptions {
	o := f.o.Passkeys.Creation(passkey.SignUp, passkey.Person{ID: in.User, Address: in.Address, Name: in.Name}, firstBound(p), nil)
	return &o
}

func firstBound(p proof.Proof) string { return "signup " + p.ID.String() }

// firstPasskey judges the answer to askFirst; nil when there is none. The account
// gets the id that the authenticator was told.
func (f *Flow) firstPasskey(ctx context.Context, by user.Caller, p proof.Proof, in *signUp, answer []byte) (*passkey.Passkey, error) {
	if answer == nil {
		return nil, nil
	}
	k, err := f.o.Passkeys.Register(ctx, passkey.SignUp, firstBound(p), answer)
	if err != nil {
		return nil, err
	}
	in.User = k.User
	k.Name = passkey.Named(k, useragent.Describe(by.Source.UserAgent))
	return &k, nil
}

// asked reports whether a comes from the browser or program that asked for p.
func (f *Flow) asked(p proof.Proof, a Answer) bool {
	return !a.Flow.IsZero() && !p.Flow.IsZero() && a.Flow.Digest(f.o.Instance).Equal(p.Flow)
}

// rechoose replaces the password that a pending sign-up was asked for with.
func (f *Flow) rechoose(ctx context.Context, by user.Caller, in *signUp, chosen secret.Text) error {
	about := password.Context{Names: []string{in.Name}, Emails: []string{in.Address}, Field: newPassword}
	if err := f.o.Policy.Check(ctx, chosen, about); err != nil {
		return err
	}
	hash, err := f.o.Hasher.Hash(ctx, password.Ticket{Class: password.SignUp, Source: by.Source.IP}, chosen)
	in.Hash = string(hash)
	return err
}
