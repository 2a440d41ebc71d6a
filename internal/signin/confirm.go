package signin

import (
	"cmp"
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/device"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Confirm judges a proof given for one act of a signed-in account (TH-36). It
// passes the same limits and the same lock-out as a sign-in, so a stolen session
// is no place to guess a password. It returns what was proven. Who has a second
// factor needs it too: in the response, or in the session they act in; otherwise
// ErrSecondNeeded (PW-46).
func (f *Flow) Confirm(ctx context.Context, by user.Caller, r Response) (Proven, error) {
	return f.confirm(ctx, by, r, f.strongSession)
}

// ConfirmFully is Confirm for acts on the factors themselves: every step of a
// sign-in is proven for this act, whatever the session is worth (PW-46).
func (f *Flow) ConfirmFully(ctx context.Context, by user.Caller, r Response) (Proven, error) {
	return f.confirm(ctx, by, r, func(context.Context, user.Caller) (bool, error) { return false, nil })
}

// confirm judges the first factor and, unless excused says that the second was
// proven already, the second.
func (f *Flow) confirm(ctx context.Context, by user.Caller, r Response, excused func(context.Context, user.Caller) (bool, error)) (Proven, error) {
	m := f.method(r)
	if !m.Answers(r) {
		return Proven{}, ErrUnconfirmed
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return Proven{}, err
	}
	a := &Attempt{By: by, Source: ratelimit.SourceOf(by.Source.IP), Account: u, Key: u.ID.String(), Device: device.Device{}, Method: m.Name()}
	if _, given := f.second(r); given { // somebody may have to be told
		if err := f.load(ctx, a, u.ID); err != nil {
			return Proven{}, err
		}
	}
	d, err := f.demands(ctx, f.o.Read, u.ID, Proven{}, r.Least)
	if err != nil {
		return Proven{}, err
	}
	ways := d.ways
	second, given := f.second(r)
	if ways != nil && m.Factor() == Knows && !given {
		if strong, err := excused(ctx, by); err != nil || !strong {
			return Proven{}, cmp.Or(err, error(ErrSecondNeeded))
		}
	}
	proven, err := f.confirmFirst(ctx, m, a, r)
	if err != nil || ways == nil || proven.level() > 1 || !given {
		return proven, err
	}
	if second, err = f.fitting(ctx, second, r, u.ID); err != nil {
		return Proven{}, err
	}
	a.Step = by.Session
	return f.confirmSecond(ctx, second, a, r, proven)
}

func (f *Flow) confirmFirst(ctx context.Context, m Method, a *Attempt, r Response) (Proven, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.SigninPair, Of: a.Key, And: a.Source}); err != nil {
		return Proven{}, err
	}
	// The session stands in for a known device: strangers' guesses must not keep
	// somebody who is signed in from changing their password.
	attempt := a.guess(names(m))
	attempt.Device = a.By.Session
	guess, err := f.o.Lockout.Reserve(ctx, attempt)
	if err != nil {
		return Proven{}, err
	}
	defer guess.Release()
	if guess.NeedsCode() { // the session has used up its own guesses (TH-33)
		return Proven{}, lockout.ErrCodeNeeded
	}
	a.Known = true
	proven, err := f.judge(ctx, m, a, r)
	if err == nil && proven.Spend != nil {
		if err = f.o.InTx(ctx, func(tx Tx) error { return proven.Spend(ctx, tx) }); err != nil {
			err = proven.waste(ctx, err)
		}
	}
	if errors.Is(err, ErrWrong) {
		ev := a.By.Event(StepUp, f.now(), a.Account.ID).Failed(audit.Failure, reasonWrong)
		if err := guess.Fail(ctx, ev); errors.Is(err, user.ErrUnknown) {
			return Proven{}, session.ErrEnded.Because(err) // deleted while it was judged
		} else if err != nil {
			return Proven{}, err
		}
		return Proven{}, ErrConfirmation.Because(err)
	}
	proven.Spend, proven.Waste = nil, nil
	return proven, err
}

// confirmSecond judges the second factor of an act, and uses it up.
func (f *Flow) confirmSecond(ctx context.Context, m Second, a *Attempt, r Response, one Proven) (Proven, error) {
	a.Method = m.Name()
	if err := f.limitSecond(ctx, a); err != nil {
		return Proven{}, err
	}
	if err := f.countSecond(ctx, m, a); err != nil {
		return Proven{}, err
	}
	two, err := f.judgeSecond(ctx, m, a, r)
	if err == nil {
		err = f.o.InTx(ctx, func(tx Tx) error {
			if err := two.spend(ctx, tx); err != nil {
				return err
			}
			return tx.Challenges().Forgive(ctx, a.Account.ID)
		})
		if err != nil {
			err = two.waste(ctx, err)
		}
	}
	if err != nil {
		return Proven{}, f.refuseSecond(ctx, a, err)
	}
	one.Methods, one.Assurance, one.Spend = both(one.Methods, two.Methods), max(two.level(), 2), nil
	return one, nil
}

// strongSession reports whether the session of by was proven with two factors.
func (f *Flow) strongSession(ctx context.Context, by user.Caller) (bool, error) {
	id, err := session.ParseID(by.Session)
	if err != nil {
		return false, nil //nolint:nilerr // who came without a session has proven nothing
	}
	s, err := f.o.Read.Sessions().ByID(ctx, id)
	if errors.Is(err, session.ErrUnknown) {
		return false, nil
	}
	return err == nil && s.User == by.User && s.Assurance > 1, err
}
