package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// codeLife is how long a mailed sign-in code lives (PW-37).
const codeLife = 10 * time.Minute

// CodeDigits is the length of mailed codes: 10^8 with five tries and limits.
const CodeDigits = 8

// CodeMAC is how a code is kept and compared: keyed, and bound to its proof, so
// neither a dump nor another proof's code helps.
func CodeMAC(k Keys, id proof.ID, code secret.Text) []byte {
	mac := k.MAC("code", id[:], []byte(code.Reveal()))
	return mac[:]
}

// askCode answers a guess that must not be judged: a code is mailed if there is
// an active account, and the answer is the same if not (TH-33, PW-25).
func (f *Flow) askCode(ctx context.Context, a *Attempt, r Request) (Result, error) {
	flow := secret.New(proof.SignIn.FlowPurpose())
	result := Result{NeedCode: true, Flow: flow}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.CodeMail, Of: a.Key}))
	if err != nil {
		return Result{}, err
	}
	if err := d.Err(); err != nil {
		return Result{}, err
	}
	if !a.Email.Verified() {
		return result, f.Record(ctx, f.event(Blocked, a).Failed("blocked", reasonCode))
	}
	now, code := f.now(), secret.Code(CodeDigits)
	p := proof.Proof{
		ID: proof.NewID(now), Purpose: proof.SignIn, User: a.Account.ID, Key: a.Key,
		Link: secret.New(proof.SignIn.LinkPurpose()).Digest(f.o.Instance), // never mailed: code only
		Flow: flow.Digest(f.o.Instance), UserVersion: a.Account.Version,
		CreatedAt: now, ExpiresAt: now.Add(codeLife),
	}
	p.Code = CodeMAC(f.o.Keys, p.ID, code)
	q, err := f.o.Mailer.Compose(mail.Message{
		Template: mail.SignInCode, To: a.Email.Address, Lang: langOf(a.Account, r.Lang),
		Data: mail.Data{Name: a.Account.Name, Code: code, Time: now, Device: a.By.Source.UserAgent, IP: a.By.Source.IP, Place: a.By.Source.Place, Expires: codeLife},
	})
	if err != nil {
		return Result{}, err
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Proofs().Put(ctx, p); err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, f.event(CodeSent, a))
	})
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
		ratelimit.Key{Limit: ratelimit.CodeAccount, Of: a.Key},
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
	if subtle.ConstantTimeCompare(p.Code, CodeMAC(f.o.Keys, p.ID, r.Code)) != 1 {
		return false, proof.ErrWrongCode
	}
	if err := f.o.Read.Proofs().Spend(ctx, p.ID, now, f.event(CodeUsed, a)); err != nil {
		return false, proof.ErrWrongCode.Because(err)
	}
	return true, nil
}
