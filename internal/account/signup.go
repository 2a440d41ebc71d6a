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
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// SignUp is a wish for an account.
type SignUp struct {
	By       user.Caller
	Name     string
	Email    string
	Password secret.Text
	Lang     string
}

// signUp is what a pending sign-up keeps, sealed.
type signUp struct {
	Name, Address, Lang string
	Hash                string
}

// ErrNoSignUp: people cannot sign up by themselves here.
var ErrNoSignUp = problem.New(problem.Forbidden, "signup_closed", "You cannot sign up here by yourself. Ask an administrator for an account.")

// StartSignUp mails a link and a code and returns the flow secret that the code
// needs. The account exists only once one of them comes back. When the address
// is taken its owner is told instead; the answer is the same, at the same cost.
func (f *Flow) StartSignUp(ctx context.Context, in SignUp) (secret.Token, error) {
	if f.o.NoSignUp {
		return secret.Token{}, ErrNoSignUp
	}
	if ready, err := f.o.Ready(ctx); err != nil || !ready {
		return secret.Token{}, cmp.Or[error](err, ErrNoSignUp)
	}
	address, key, name, err := f.clean(ctx, in)
	if err != nil {
		return secret.Token{}, err
	}
	err = f.limit(ctx,
		ratelimit.Key{Limit: ratelimit.SignupSource, Of: ratelimit.SourceOf(in.By.Source.IP)},
		ratelimit.Key{Limit: ratelimit.SignupAddress, Of: key})
	if err != nil {
		return secret.Token{}, err
	}
	hash, err := f.o.Hasher.Hash(ctx, password.Ticket{Class: password.SignUp, Source: in.By.Source.IP}, in.Password)
	if err != nil {
		return secret.Token{}, err
	}
	p, err := f.mint().New(proof.SignUp, key, f.now(), SignUpLife, signUp{Name: name, Address: address, Lang: in.Lang, Hash: string(hash)})
	if err != nil {
		return secret.Token{}, err
	}
	owner, email, err := f.o.Read.Users().ByEmail(ctx, key)
	if err != nil && !absent(err) {
		return secret.Token{}, err
	}
	taken := err == nil && email.Verified()
	err = f.mailing(ctx, func(tx Tx) error {
		if err := tx.Audit().Append(ctx, in.By.Event(SignUpStarted, f.now(), owner.ID)); err != nil {
			return err
		}
		d := notice(user.User{Name: name}, in.By, f.now())
		if taken {
			d.Name = owner.Name
			return f.queue(ctx, tx, mail.AccountExists, email.Address, readerOf(owner, in.Lang), d)
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		d.Path, d.Code, d.Valid = link("/verify", p.LinkToken), p.Code, SignUpLife
		return f.queue(ctx, tx, mail.VerifySignup, address, reader{lang: in.Lang}, d)
	})
	return p.FlowToken, err
}

// clean collects every fault of the form, so that a person sees all at once.
func (f *Flow) clean(ctx context.Context, in SignUp) (address, key, name string, err error) {
	var faults []problem.Field
	add := func(pointer string, err error) {
		p := problem.Of(err)
		if p == nil {
			return
		}
		if len(p.Fields) > 0 {
			faults = append(faults, p.Fields...)
			return
		}
		faults = append(faults, problem.Field{Pointer: pointer, Code: p.Code, Message: p.Public})
	}
	address, key, bad := user.ParseEmail(in.Email)
	add("/email", bad)
	name, bad = user.CleanName(in.Name)
	add("/name", bad)
	bad = f.o.Policy.Check(ctx, in.Password, password.Context{Names: []string{name}, Emails: []string{in.Email}})
	if bad != nil && problem.Of(bad).Kind == problem.Internal {
		return "", "", "", bad
	}
	add("/password", bad)
	if faults != nil {
		return "", "", "", ErrInput.WithFields(faults...)
	}
	return address, key, name, nil
}

// ErrInput: one or more fields are wrong; they are named.
var ErrInput = problem.New(problem.Unprocessable, "invalid_input", "Some fields need another look. What is wrong stands beside each.")

// SignUpStarted is recorded whether or not the address is free.
var SignUpStarted = audit.Define("signup.started", audit.Info, "Somebody asked to sign up with this address")

// ErrPasswordAsked: the link was opened where nobody had asked to sign up.
var ErrPasswordAsked = problem.New(problem.Unprocessable, "signup_password_needed", "Choose a password for this account: the sign-up was started in another browser.")

// FinishSignUp makes the account. It does not sign in: whoever typed the code
// may not be who chose the password.
//
// Anybody can sign up with an address that is not theirs and a password that
// they know. So the password chosen then counts only where the flow secret comes
// back too; elsewhere whoever holds the link chooses one: chosen, or
// ErrPasswordAsked (PW-36, TH-41).
func (f *Flow) FinishSignUp(ctx context.Context, by user.Caller, a Answer, chosen secret.Text) (user.User, error) {
	p, err := f.open(ctx, by, proof.SignUp, a)
	if err != nil {
		return user.User{}, err
	}
	var in signUp
	if err := f.mint().Payload(p, &in); err != nil {
		return user.User{}, err
	}
	if !chosen.IsZero() || !f.asked(p, a) {
		if err := f.rechoose(ctx, by, &in, chosen); err != nil {
			return user.User{}, err
		}
	}
	now := f.now()
	u := user.User{ID: user.NewID(now), Name: in.Name, Locale: in.Lang, State: user.Active, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now}
	email := user.Email{User: u.ID, Address: in.Address, Key: p.Key, VerifiedAt: now, Primary: true, CreatedAt: now}
	err = f.mailing(ctx, func(tx Tx) error {
		if err := f.spend(ctx, tx, p, by.Event(user.Verified, now, u.ID)); err != nil {
			return err
		}
		if err := tx.Users().Create(ctx, u, []user.Email{email}, by.Event(user.Created, now, u.ID)); err != nil {
			return err
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

// asked reports whether a comes from the browser or program that asked for p.
func (f *Flow) asked(p proof.Proof, a Answer) bool {
	return !a.Flow.IsZero() && !p.Flow.IsZero() && a.Flow.Digest(f.o.Instance).Equal(p.Flow)
}

// rechoose replaces the password that a pending sign-up was asked for with.
func (f *Flow) rechoose(ctx context.Context, by user.Caller, in *signUp, chosen secret.Text) error {
	if chosen.IsZero() {
		return ErrPasswordAsked.WithFields(problem.Field{Pointer: newPassword, Code: ErrPasswordAsked.Code, Message: ErrPasswordAsked.Public})
	}
	about := password.Context{Names: []string{in.Name}, Emails: []string{in.Address}, Field: newPassword}
	if err := f.o.Policy.Check(ctx, chosen, about); err != nil {
		return err
	}
	hash, err := f.o.Hasher.Hash(ctx, password.Ticket{Class: password.SignUp, Source: by.Source.IP}, chosen)
	in.Hash = string(hash)
	return err
}
