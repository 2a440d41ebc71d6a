package signin

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
)

// Continue takes the second step of the half-done sign-in that r.Flow names. It
// returns a complete Result or a refusal: ErrSecond, ErrMissing, ErrFlow when the
// sign-in is over and starts again, ratelimit.ErrLimited. Its limits are its own:
// nothing that happens here keeps the first step from anybody (TH-33).
func (f *Flow) Continue(ctx context.Context, r Request) (Result, error) {
	m, ok := f.second(r.Response)
	if !ok {
		return Result{}, missingCode()
	}
	result, err := f.proceed(ctx, m, r)
	f.observe(m.Name(), outcome(result, err))
	return result, err
}

func missingCode() error {
	return ErrMissing.WithFields(problem.Field{Pointer: "/code", Code: "missing", Message: "Enter the code."})
}

// Ways are the methods that would continue the half-done sign-in that r.Flow
// names, the quickest first. ErrFlow.
func (f *Flow) Ways(ctx context.Context, r Request) ([]string, error) {
	c, err := f.waiting(ctx, r)
	if err != nil {
		return nil, err
	}
	ways, _, err := f.standings(ctx, f.o.Read, c.User)
	return ways, err
}

func (f *Flow) second(r Response) (Second, bool) {
	for _, m := range f.o.Seconds {
		if m.Answers(r) {
			return m, true
		}
	}
	return nil, false
}

func (f *Flow) waiting(ctx context.Context, r Request) (challenge.Challenge, error) {
	if r.Flow.IsZero() {
		return challenge.Challenge{}, ErrFlow
	}
	c, err := f.o.Read.Challenges().ByFlow(ctx, r.Flow.Digest(f.o.Instance), f.now())
	if errors.Is(err, challenge.ErrOver) {
		return c, ErrFlow.Because(err)
	}
	return c, err
}

func (f *Flow) proceed(ctx context.Context, m Second, r Request) (Result, error) {
	a := f.attempt(r, m)
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.SecondSource, Of: a.Source}); err != nil {
		return Result{}, err
	}
	c, err := f.waiting(ctx, r)
	if err != nil {
		return Result{}, err
	}
	a.Key = c.Key
	if err := f.load(ctx, a, c.User); err != nil {
		return Result{}, err
	}
	if a.Account.ID.IsZero() || a.Account.Version != c.UserVersion {
		return Result{}, ErrFlow.Because(errReason(reasonBirth))
	}
	if m, err = f.fitting(ctx, m, r.Response, c.User); err != nil {
		return Result{}, err
	}
	a.Method, a.Step = m.Name(), c.ID.String()
	if err := f.limitSecond(ctx, a); err != nil {
		return Result{}, err
	}
	if err := f.o.Read.Challenges().Attempt(ctx, c.ID, f.now()); err != nil {
		return Result{}, over(err)
	}
	if err := f.countSecond(ctx, m, a); err != nil {
		return Result{}, err
	}
	proven, err := f.judgeSecond(ctx, m, a, r.Response)
	if err != nil {
		return Result{}, f.refuseSecond(ctx, a, err)
	}
	b := f.afterChallenge(a, c, proven)
	keep := f.remembering(b, r)
	result, err := f.born(ctx, r, b)
	if err != nil {
		return Result{}, f.refuseSecond(ctx, a, proven.waste(ctx, err))
	}
	f.o.Lockout.Forget(a.guess(false))
	return keep(result), nil
}

// limitSecond charges the tries of one method: whoever uses up those of one
// leaves the others (TH-33).
func (f *Flow) limitSecond(ctx context.Context, a *Attempt) error {
	of := a.Account.ID.String() + " " + a.Method
	return f.take(ctx,
		ratelimit.Key{Limit: ratelimit.SecondAccount, Of: of},
		ratelimit.Key{Limit: ratelimit.SecondPair, Of: of, And: a.Source})
}

func (f *Flow) take(ctx context.Context, keys ...ratelimit.Key) error {
	d, err := f.o.Rates.Take(ctx, ratelimit.All(keys...))
	if err != nil {
		return err
	}
	return d.Err()
}

// countSecond makes a try durable before it is judged (PW-20): fewer than
// challenge.MaxGuesses in a row, whatever happens to the limits in memory. Browsers
// on which nobody signed in leave the last of them to the owner. A signature is no
// guess and never refused.
func (f *Flow) countSecond(ctx context.Context, m Second, a *Attempt) error {
	if names(m) {
		return nil
	}
	most := challenge.StrangerGuesses
	if a.Known {
		most = challenge.MaxGuesses
	}
	n, err := f.o.Read.Challenges().Guess(ctx, a.Account.ID, m.Name(), most, f.now())
	if errors.Is(err, challenge.ErrGuesses) {
		return errors.Join(f.Record(ctx, f.event(SecondFailed, a).Failed(audit.Blocked, reasonGuesses)), err)
	}
	if err == nil && n == most {
		err = f.Record(ctx, f.event(SecondExhausted, a).Failed(audit.Blocked, reasonGuesses))
	}
	return err
}

// judgeSecond asks first whether the account has the method at all.
func (f *Flow) judgeSecond(ctx context.Context, m Second, a *Attempt, r Response) (Proven, error) {
	ways, _, err := f.standings(ctx, f.o.Read, a.Account.ID)
	if err != nil {
		return Proven{}, err
	}
	if !slices.Contains(ways, m.Name()) {
		return Proven{}, wrong(reasonAbsent)
	}
	return f.judge(ctx, m, a, r)
}

// refuseSecond records a second factor that was judged wrong. What was changed
// meanwhile ends the sign-in.
func (f *Flow) refuseSecond(ctx context.Context, a *Attempt, cause error) error {
	if !errors.Is(cause, ErrWrong) {
		return over(cause)
	}
	reason := reasonSecond
	var why errReason
	if errors.As(cause, &why) && why != reasonWrong {
		reason = string(why)
	}
	if err := f.Record(ctx, f.event(SecondFailed, a).Failed(audit.Failure, reason)); err != nil {
		return err
	}
	if reason == reasonBirth || reason == reasonInactive {
		return ErrFlow.Because(cause)
	}
	return ErrSecond.Because(cause)
}

func over(err error) error {
	if errors.Is(err, challenge.ErrOver) {
		return ErrFlow.Because(err)
	}
	return err
}

// afterChallenge is a birth of two factors. The notice about an unfinished
// sign-in is taken back with it.
func (f *Flow) afterChallenge(a *Attempt, c challenge.Challenge, p Proven) *birth {
	now := f.now()
	return &birth{
		attempt: a, methods: both(c.Methods, p.Methods), assurance: max(p.level(), 2), passwordVersion: c.PasswordVersion, failures: func() int { return c.Failures }, origin: readOrigin(c.Origin),
		before: func(ctx context.Context, tx Tx) error {
			if err := tx.Challenges().Spend(ctx, c.ID, now); err != nil {
				return err
			}
			if err := tx.Challenges().Forgive(ctx, c.User); err != nil {
				return err
			}
			return tx.Lockouts().Clear(ctx, c.User)
		},
		after: func(ctx context.Context, tx Tx) error {
			if err := p.spend(ctx, tx); err != nil {
				return err
			}
			if notice := mail.ID(c.Notice); !notice.IsZero() {
				return tx.Mail().Withdraw(ctx, notice)
			}
			return nil
		},
	}
}

// both are the methods of two steps, in order of use, and that they were two.
func both(one, two []string) []string {
	all := slices.Clone(one)
	for _, m := range two {
		if !slices.Contains(all, m) { // a mailed code and an app's are both "otp"
			all = append(all, m)
		}
	}
	if !slices.Contains(all, multiple) {
		all = append(all, multiple)
	}
	return all
}
