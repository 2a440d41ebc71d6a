package signin

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// codeLife is how long a mailed sign-in code lives (PW-37).
const codeLife = 10 * time.Minute

func (f *Flow) mint() proof.Mint { return proof.Mint{Instance: f.o.Instance, Keys: f.o.Keys} }

// askCode answers a guess that must not be judged: a code is mailed if there is
// an active account, and the answer is the same if not (TH-33, PW-25).
func (f *Flow) askCode(ctx context.Context, a *Attempt, r Request) (Result, error) {
	now := f.now()
	p, err := f.mint().New(proof.SignIn, a.Key, now, codeLife, nil)
	if err != nil {
		return Result{}, err
	}
	result := Result{NeedCode: true, Flow: p.FlowToken}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(
		ratelimit.Key{Limit: ratelimit.CodeMail, Of: a.Key},
		ratelimit.Key{Limit: ratelimit.CodeMailPair, Of: a.Key, And: a.Source}))
	if err != nil {
		return Result{}, err
	}
	if err := d.Err(); err != nil {
		return Result{}, err
	}
	if !a.Email.Verified() {
		return result, f.Record(ctx, f.event(Blocked, a).Failed("blocked", reasonCode))
	}
	p.User, p.UserVersion = a.Account.ID, a.Account.Version
	q, err := f.o.Mailer.Queue(mail.Message{
		Template: mail.SigninCode, To: a.Email.Address, Lang: langOf(a.Account, r.Lang), TimeZone: a.Account.TimeZone,
		Data: mail.Data{Name: a.Account.Name, Code: p.Code, Valid: codeLife, Act: act(a.By, now)},
	})
	if err != nil {
		return Result{}, err
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, f.event(CodeSent, a))
	})
	if err == nil {
		f.o.Mailer.Wake()
	}
	return result, err
}

// takeCode spends the mailed code of a request that carries one. A flow nobody
// was mailed for answers like a wrong code.
func (f *Flow) takeCode(ctx context.Context, a *Attempt, r Request) (bool, error) {
	if r.Flow.IsZero() {
		return false, nil
	}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(
		ratelimit.Key{Limit: ratelimit.CodeSource, Of: a.Source},
		ratelimit.Key{Limit: ratelimit.CodePair, Of: a.Key, And: a.Source},
	))
	if err != nil {
		return false, err
	}
	if err := d.Err(); err != nil {
		return false, err
	}
	p, err := f.o.Read.Proofs().ByFlow(ctx, proof.SignIn, r.Flow.Digest(f.o.Instance))
	if errors.Is(err, proof.ErrExpired) || (err == nil && (a.Account.ID.IsZero() || p.User != a.Account.ID)) {
		return false, proof.ErrWrongCode
	}
	if err != nil {
		return false, err
	}
	now := f.now()
	if err := f.o.Read.Proofs().Attempt(ctx, p.ID, now); err != nil {
		return false, proof.ErrWrongCode.Because(err)
	}
	if !f.mint().Fits(p, r.Code) {
		return false, proof.ErrWrongCode
	}
	if err := f.o.Read.Proofs().Spend(ctx, p.ID, now, f.event(CodeUsed, a)); err != nil {
		return false, proof.ErrWrongCode.Because(err)
	}
	return true, nil
}
