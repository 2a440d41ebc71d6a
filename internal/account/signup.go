package account

import (
	"cmp"
	"context"

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
	Passkey  bool // instead of a password: whoever shows that the address is theirs makes one
	Lang     string
}

// signUp is what a pending sign-up keeps, sealed.
type signUp struct {
	User                user.ID // of the account to be: an authenticator that is asked twice keeps one passkey
	Name, Address, Lang string
	Hash                string // empty: there is no password
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
	var hash password.Hash
	if !in.Passkey {
		hash, err = f.o.Hasher.Hash(ctx, password.Ticket{Class: password.SignUp, Source: in.By.Source.IP}, in.Password)
	}
	if err != nil {
		return secret.Token{}, err
	}
	p, err := f.mint().New(proof.SignUp, key, f.now(), SignUpLife, signUp{User: user.NewID(f.now()), Name: name, Address: address, Lang: in.Lang, Hash: string(hash)})
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
	bad = nil
	if !in.Passkey {
		bad = f.o.Policy.Check(ctx, in.Password, password.Context{Names: []string{name}, Emails: []string{in.Email}})
	}
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
