package signin

import (
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
// is no place to guess a password. It returns what was proven.
func (f *Flow) Confirm(ctx context.Context, by user.Caller, r Response) (Proven, error) {
	if r.Password.IsZero() {
		return Proven{}, ErrUnconfirmed
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return Proven{}, err
	}
	a := &Attempt{By: by, Source: ratelimit.SourceOf(by.Source.IP), Account: u, Key: u.ID.String(), Device: device.Device{}}
	d, err := f.o.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.SigninPair, Of: a.Key, And: a.Source}))
	if err != nil {
		return Proven{}, err
	}
	if err := d.Err(); err != nil {
		return Proven{}, err
	}
	// The session stands in for a known device: strangers' guesses must not keep
	// somebody who is signed in from changing their password.
	attempt := a.guess(false)
	attempt.Device = by.Session
	guess, err := f.o.Lockout.Reserve(ctx, attempt)
	if err != nil {
		return Proven{}, err
	}
	defer guess.Release()
	if guess.NeedsCode() { // the session has used up its own guesses (TH-33)
		return Proven{}, lockout.ErrCodeNeeded
	}
	a.Known = true
	proven, err := f.judge(ctx, a, r)
	if errors.Is(err, ErrWrong) {
		ev := by.Event(StepUp, f.now(), u.ID).Failed(audit.Failure, reasonWrong)
		if err := guess.Fail(ctx, ev); errors.Is(err, user.ErrUnknown) {
			return Proven{}, session.ErrEnded.Because(err) // deleted while it was judged
		} else if err != nil {
			return Proven{}, err
		}
		return Proven{}, ErrConfirmation.Because(err)
	}
	return proven, err
}
