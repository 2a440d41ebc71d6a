package signin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/user"
)

// SignIn runs the pipeline once. It returns a complete Result, one that asks for
// a mailed code or for a second factor, or a refusal: ErrWrong or the method's own,
// ErrMissing, proof.ErrWrongCode, ErrLinkOnly, lockout.ErrWait, ratelimit.ErrLimited,
// or the gate's overload error.
func (f *Flow) SignIn(ctx context.Context, r Request) (Result, error) {
	m := f.method(r.Response)
	result, err := f.signIn(ctx, m, r)
	f.observe(m.Name(), outcome(result, err))
	if own, ok := m.(Refuser); ok && errors.Is(err, ErrWrong) {
		err = own.Refusal().Because(err)
	}
	return result, err
}

func (f *Flow) observe(method, outcome string) {
	if f.o.Observe != nil {
		f.o.Observe(method, outcome)
	}
}

// method is the one that r answers.
func (f *Flow) method(r Response) Method {
	for _, m := range f.o.Methods {
		if m.Answers(r) {
			return m
		}
	}
	return f.o.Methods[0]
}

// outcome is what became of a sign-in, for metrics.
func outcome(r Result, err error) string {
	switch {
	case err == nil && r.Complete():
		return "succeeded"
	case err == nil && r.Next != nil:
		return "second_asked"
	case err == nil:
		return "code_asked"
	case errors.Is(err, ErrWrong), errors.Is(err, ErrSecond):
		return "failed"
	case errors.Is(err, lockout.ErrWait):
		return "blocked"
	case errors.Is(err, ratelimit.ErrLimited):
		return "limited"
	case errors.Is(err, password.ErrBusy):
		return "busy"
	default:
		return "other"
	}
}

// reproved is what became of a proof given again, for metrics.
func reproved(err error) string {
	if errors.Is(err, ErrConfirmation) {
		return "failed"
	}
	if err != nil {
		return outcome(Result{}, err)
	}
	return "succeeded"
}

func (f *Flow) signIn(ctx context.Context, m Method, r Request) (Result, error) {
	if err := r.validate(m); err != nil {
		return Result{}, err
	}
	a := f.attempt(r, m)
	if !r.anew { // then it was charged already
		if err := f.limit(ctx, a); err != nil {
			return Result{}, err
		}
	}
	if err := f.find(ctx, m, a, r); err != nil {
		return Result{}, err
	}
	coded, err := f.takeCode(ctx, a, r)
	if err != nil {
		return Result{}, err
	}
	// What names the account by a key of its own, or was mailed to its owner, is no
	// guess: strangers' guesses at the password do not keep its owner out (TH-33, PW-21).
	attempt := a.guess(coded || names(m) || m.Factor() != Knows)
	attempt.Own = names(m)
	guess, err := f.o.Lockout.Reserve(ctx, attempt)
	if err != nil {
		return Result{}, err
	}
	defer guess.Release()
	if guess.NeedsCode() {
		return f.askCode(ctx, a, r)
	}
	a.Before = guess.After()
	proven, err := f.judge(ctx, m, a, r.Response)
	if err != nil {
		return f.refuse(ctx, a, r, guess, err)
	}
	result, err := f.enter(ctx, m, a, r, proven, guess)
	if a.Recalled && errors.Is(err, ErrWrong) { // the account may be another by now
		f.recall.Forget(a.Account.ID)
		guess.Release()
		r.anew = true
		return f.signIn(ctx, m, r)
	}
	if err != nil {
		return f.refuse(ctx, a, r, guess, proven.waste(ctx, err))
	}
	return result, nil
}

// enter ends in a session, or asks for a second factor, or for setting one up. What
// changed while the first was judged is found at the birth.
func (f *Flow) enter(ctx context.Context, m Method, a *Attempt, r Request, p Proven, guess *lockout.Reservation) (Result, error) {
	d, err := f.demands(ctx, f.o.Read, a.Account.ID, p, r.Least)
	if err != nil {
		return Result{}, err
	}
	known, err := f.recognise(ctx, a, r, d)
	if err != nil {
		return Result{}, err
	}
	if !d.more() || !known.IsZero() {
		result, err := f.born(ctx, r, f.atOnce(a, r, p, guess, known))
		if !errors.Is(err, errSecond) {
			if err == nil {
				guess.Done()
			}
			return result, err
		}
		if d, err = f.demands(ctx, f.o.Read, a.Account.ID, p, r.Least); err != nil {
			return Result{}, err
		}
		if !d.more() { // it came and went
			return Result{}, wrong(reasonBirth)
		}
	}
	return f.ask(ctx, m, a, r, p, guess, d)
}

func names(m Method) bool {
	_, ok := m.(Locator)
	return ok
}

func (f *Flow) attempt(r Request, m Method) *Attempt {
	key := "" // who names the account by a key of its own is no pair with all others who do
	if r.Identifier != "" {
		key = user.EmailKey(r.Identifier)
	}
	return &Attempt{
		By: r.By, Source: ratelimit.SourceOf(r.By.Source.IP), Key: key,
		Device: f.o.Devices.Read(r.Device), Method: m.Name(),
	}
}

// find fills in the account that identifier or response name, if any.
func (f *Flow) find(ctx context.Context, m Method, a *Attempt, r Request) error {
	if names, ok := m.(Locator); ok && r.Identifier == "" {
		id, err := names.Locate(ctx, r.Response)
		if errors.Is(err, user.ErrUnknown) {
			return nil
		}
		if err != nil {
			return err
		}
		return f.meet(ctx, m, a, r, id)
	}
	return f.locate(ctx, a)
}

// meet fills in the account whose key was shown. One that needs no more than that may
// be recalled.
func (f *Flow) meet(ctx context.Context, m Method, a *Attempt, r Request, id user.ID) error {
	if _, whole := m.(Whole); !whole || r.Deliver != nil { // tokens say more of an account than its revision tells
		return f.load(ctx, a, id)
	}
	if p, ok := f.recall.Get(id); ok && !r.anew {
		a.Recalled = true
		f.fill(a, p)
		return nil
	}
	err := f.load(ctx, a, id)
	if err == nil && a.Account.State == user.Active {
		f.recall.Put(id, person{a.Account, a.Email})
	}
	return err
}

// load fills in an account that is known by its id.
func (f *Flow) load(ctx context.Context, a *Attempt, id user.ID) error {
	u, primary, err := f.o.Read.Users().WithPrimary(ctx, id)
	if errors.Is(err, user.ErrUnknown) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("signin: %w", err)
	}
	f.fill(a, person{u, primary})
	return nil
}

func (f *Flow) fill(a *Attempt, p person) {
	a.Account, a.Email, a.Known = p.account, p.email, a.Device.Knows(p.account.ID)
	if a.Key == "" {
		a.Key = p.account.ID.String()
	}
}

// limit charges the source and, when somebody was named, the pair.
func (f *Flow) limit(ctx context.Context, a *Attempt) error {
	keys := ratelimit.All(
		ratelimit.Key{Limit: ratelimit.SigninSource, Of: a.Source},
		ratelimit.Key{Limit: ratelimit.SigninPair, Of: a.Key, And: a.Source},
	)
	if a.Key == "" {
		keys = ratelimit.All(ratelimit.Key{Limit: ratelimit.SigninSource, Of: a.Source})
	}
	d, err := f.o.Rates.Take(ctx, keys)
	if err != nil {
		return err
	}
	return d.Err()
}

// locate fills in the account that the identifier names, if any.
func (f *Flow) locate(ctx context.Context, a *Attempt) error {
	u, e, err := f.o.Read.Users().ByEmail(ctx, a.Key)
	if errors.Is(err, user.ErrUnknown) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("signin: %w", err)
	}
	a.Account, a.Email = u, e
	a.Known = a.Device.Knows(u.ID)
	return nil
}

func (a *Attempt) guess(coded bool) lockout.Attempt {
	subject := lockout.Unknown(a.Key)
	if !a.Account.ID.IsZero() {
		subject = lockout.Account(a.Account.ID)
	}
	return lockout.Attempt{Subject: subject, Source: a.Source, Device: a.Device.ID(a.Account.ID), Code: coded}
}

// errReason carries the true reason of an ErrWrong to the log.
type errReason string

func (e errReason) Error() string { return string(e) }

func (f *Flow) judge(ctx context.Context, m Method, a *Attempt, r Response) (Proven, error) {
	proven, err := m.Finish(ctx, a, r)
	if err != nil {
		return proven, proven.waste(ctx, err)
	}
	if a.Account.State != user.Active {
		return proven, proven.waste(ctx, ErrWrong.Because(errReason(reasonInactive)))
	}
	if proven.Methods == nil {
		proven.Methods = []string{m.Name()}
	}
	return proven, nil
}

// refuse settles a guess that was judged wrong, with its event, and passes on
// every other error: a guess that could not be judged is not a failure.
func (f *Flow) refuse(ctx context.Context, a *Attempt, r Request, guess *lockout.Reservation, cause error) (Result, error) {
	if errors.Is(cause, lockout.ErrCodeNeeded) {
		return f.askCode(ctx, a, r)
	}
	if !errors.Is(cause, ErrWrong) {
		return Result{}, cause
	}
	reason := reasonWrong
	var why errReason
	if errors.As(cause, &why) {
		reason = string(why)
	}
	ev := f.event(Failed, a).Failed(audit.Failure, reason)
	if reason == reasonGone && !a.Account.ID.IsZero() { // a key that was the account's is no guess at it
		if err := f.Record(ctx, ev); err != nil {
			return Result{}, err
		}
		return Result{}, ErrWrong.Because(cause)
	}
	switch err := guess.Fail(ctx, ev); {
	case errors.Is(err, lockout.ErrCodeNeeded):
		return f.askCode(ctx, a, r)
	case errors.Is(err, user.ErrUnknown): // deleted while it was judged
		if err := f.Record(ctx, ev); err != nil {
			return Result{}, err
		}
	case err != nil:
		return Result{}, err
	}
	return Result{}, ErrWrong.Because(cause)
}

// event starts an event about the attempt. What was typed is kept only as a
// keyed hash, because people type passwords into the wrong field (AU-23).
func (f *Flow) event(n audit.Name, a *Attempt) audit.Event {
	typed := f.o.Keys.MAC("typed", []byte(a.Key))
	ev := a.By.Event(n, f.now(), a.Account.ID).With("identifier", hex.EncodeToString(typed[:8]))
	if a.Known {
		ev = ev.With("device", "known")
	}
	return ev.With("method", a.Method)
}

// wrong is ErrWrong with its true reason.
func wrong(reason string) *problem.Error { return ErrWrong.Because(errReason(reason)) }
