package verify

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// newChecker makes the check of one token. live is empty and asked in vain when
// nothing is followed.
func newChecker(s *settings, issuer string, keys jose.Keys, live *feed.Set) (*bearer.Checker, error) {
	return bearer.New(bearer.Options{
		Issuer: issuer, Audiences: []string{s.audience}, Keys: keys, Live: live, Leeway: s.leeway, Now: s.now,
		Policy: policyOf(s),
	})
}

// policyOf is what else a remembered token depends on.
func policyOf(s *settings) (b []byte) {
	for _, a := range s.algorithms {
		b = append(append(b, a...), 0)
	}
	return b
}

// token checks a Bearer token.
func (v *Verifier) token(ctx context.Context, token string) (*Identity, error) {
	who, b, err := v.any(ctx, token)
	if err == nil && b.bound {
		return nil, ErrBound
	}
	return who, err
}

// any checks a token, and tells what it is bound to: without the proof of that it is
// worth nothing.
func (v *Verifier) any(ctx context.Context, token string) (*Identity, binding, error) {
	if !v.located.Load() {
		return nil, binding{}, ErrUncertain.because(v.Health())
	}
	if !compact(token) {
		return v.opaque(ctx, token)
	}
	c, vouched, err := v.jwt(ctx, token)
	if err != nil {
		return nil, binding{}, err
	}
	if !vouched {
		if err := v.ask(ctx, token); err != nil {
			return nil, binding{}, err
		}
	}
	return c.Derived(derive).(*Identity), binding{c.Bound(), c.JKT()}, nil
}

func derive(a *jwt.Access) any { return identityOf(a) }

// jwt checks what the token says of itself and what the live set says of it, and
// reports whether the live set could be relied on.
func (v *Verifier) jwt(ctx context.Context, token string) (c *bearer.Checked, vouched bool, err error) {
	err = v.withKeys(ctx, func(_ jose.KeySet, now time.Time) error {
		before := v.reading(now)
		c, err = v.checker.CheckAny(token, now)
		vouched = v.vouches(before)
		return err
	})
	if errors.Is(err, ErrRevoked) && v.live.Widened() {
		return v.unwidened(token)
	}
	return c, vouched, err
}

// unwidened checks a token without the live set, which holds less than there is
// and refuses everything: the issuer knows more (TH-17).
func (v *Verifier) unwidened(token string) (*bearer.Checked, bool, error) {
	c, err := v.alone.CheckAny(token, v.now())
	return c, false, refused(err)
}

// withKeys runs check with the keys there are, and once more with new ones when it
// met a key that is not known. No keys at all, or none to be had for an unknown
// one, is ErrUncertain: the key may be a new one.
func (v *Verifier) withKeys(ctx context.Context, check func(keys jose.KeySet, now time.Time) error) error {
	now := v.now()
	keys, ok := v.tokens.setAt(now)
	if !ok {
		if _, err := v.tokens.refresh(ctx, false); err != nil {
			return ErrUncertain.because(err)
		}
		now = v.now() // that may have taken a while
		keys, _ = v.tokens.setAt(now)
	}
	err := check(keys, now)
	if !errors.Is(err, jose.ErrUnknownKey) {
		return refused(err)
	}
	renewed, failed := v.tokens.refresh(ctx, false)
	if failed != nil {
		return ErrUncertain.because(failed)
	}
	if renewed {
		now = v.now()
		keys, _ = v.tokens.setAt(now)
		err = check(keys, now)
	}
	return refused(err)
}

// ask puts the question to the issuer that the live set could not answer.
func (v *Verifier) ask(ctx context.Context, token string) error {
	a, err := v.asker.ask(ctx, token)
	switch {
	case err != nil:
		return ErrUncertain.because(errors.Join(v.Health(), err))
	case !a.Active:
		return ErrRevoked
	}
	return nil
}
