package account

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ResendSignUp mails again for the sign-up that flow belongs to, to the address
// typed then; the newer message replaces the older. When the address is taken its
// owner is told again, and when nothing waits nobody is: the answer is the same.
func (f *Flow) ResendSignUp(ctx context.Context, by user.Caller, flow secret.Token, typed, lang string) (secret.Token, error) {
	key := user.EmailKey(typed)
	err := f.limit(ctx,
		ratelimit.Key{Limit: ratelimit.SignupSource, Of: ratelimit.SourceOf(by.Source.IP)},
		ratelimit.Key{Limit: ratelimit.SignupAddress, Of: key})
	if err != nil {
		return secret.Token{}, err
	}
	in, waits, err := f.waiting(ctx, flow, key)
	if err != nil {
		return secret.Token{}, err
	}
	owner, email, err := f.o.Read.Users().ByEmail(ctx, key)
	if err != nil && !absent(err) {
		return secret.Token{}, err
	}
	taken := err == nil && email.Verified()
	p, err := f.mint().New(proof.SignUp, key, f.now(), SignUpLife, in)
	if err != nil {
		return secret.Token{}, err
	}
	return p.FlowToken, f.mailing(ctx, func(tx Tx) error {
		if err := tx.Audit().Append(ctx, by.Event(SignUpStarted, f.now(), owner.ID)); err != nil {
			return err
		}
		d := notice(user.User{Name: in.Name}, by, f.now())
		switch {
		case taken:
			d.Name = owner.Name
			return f.queue(ctx, tx, mail.AccountExists, email.Address, readerOf(owner, lang), d)
		case !waits:
			return nil
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		d.Path, d.Code, d.Valid = link("/verify", p.LinkToken), p.Code, SignUpLife
		return f.queue(ctx, tx, mail.VerifySignup, in.Address, reader{lang: in.Lang}, d)
	})
}

// waiting returns the sign-up a flow secret belongs to, if it still waits.
func (f *Flow) waiting(ctx context.Context, flow secret.Token, key string) (signUp, bool, error) {
	p, err := f.o.Read.Proofs().ByFlow(ctx, proof.SignUp, flow.Digest(f.o.Instance))
	if errors.Is(err, proof.ErrExpired) || (err == nil && (p.Key != key || p.Usable(f.now()) != nil)) {
		return signUp{}, false, nil //nolint:nilerr // nothing waits: that is the answer
	}
	if err != nil {
		return signUp{}, false, err
	}
	var in signUp
	err = f.mint().Payload(p, &in)
	return in, err == nil, err
}
