package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

// maxTrusted is how many accounts one browser is remembered for; the oldest gives way.
const maxTrusted = 5

// trusted reads the secrets that a browser holds, newest first.
func trusted(cookie string) (all []secret.Token) {
	for text := range strings.SplitSeq(cookie, "~") {
		if t, err := secret.Parse(trust.Purpose, text); err == nil && len(all) < maxTrusted {
			all = append(all, t)
		}
	}
	return all
}

// recognise finds the remembered device that would let this sign-in pass; zero when
// there is none. It answers what the instance and the account's factors ask, never a
// client, and nothing for administrators.
func (f *Flow) recognise(ctx context.Context, a *Attempt, r Request, d demand) (trust.ID, error) {
	have := trusted(r.Trusted)
	if len(have) == 0 || d.ways == nil || !f.remembers(a.Account, d) {
		return trust.ID{}, nil
	}
	kept, err := f.o.Read.Trust().Of(ctx, a.Account.ID, f.now())
	if err != nil {
		return trust.ID{}, err
	}
	for _, t := range have {
		for _, k := range kept {
			if k.Digest.Equal(t.Digest(f.o.Instance)) {
				return k.ID, nil
			}
		}
	}
	return trust.ID{}, nil
}

// remembers reports whether devices of an account are remembered at all: where the
// operator said so, for what the operator asks, and not for administrators.
func (f *Flow) remembers(u user.User, d demand) bool {
	return d.asked.Remember > 0 && !d.strict && !slices.Contains(u.Roles, rbac.Admin)
}

// excuse refuses, in the transaction of a birth, what would need another step, unless
// the remembered device lets it pass still: one conditional write.
func (f *Flow) excuse(ctx context.Context, tx Tx, a *Attempt, d demand, known trust.ID) error {
	if !d.more() {
		return nil
	}
	if known.IsZero() || d.enrol || !f.remembers(a.Account, d) {
		return errSecond
	}
	err := tx.Trust().Use(ctx, a.Account.ID, known, f.now())
	if errors.Is(err, trust.ErrUnknown) {
		return errSecond
	}
	if err != nil || d.asked.Level() < 2 || !d.asked.Since.IsZero() {
		return err
	}
	// The session is younger than the end of this person's time, so that it is not
	// ended as one of those from before the policy; see policy.Store.
	_, err = tx.Policy().Begin(ctx, a.Account.ID, f.now().Add(-d.asked.Grace))
	return err
}

// Remembers is until when this browser would be remembered if the half-done sign-in
// of r.Flow is finished in it; zero: it would not be. ErrFlow.
func (f *Flow) Remembers(ctx context.Context, r Request) (time.Time, error) {
	c, err := f.waiting(ctx, r)
	if err != nil {
		return time.Time{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, c.User)
	if err != nil {
		return time.Time{}, ErrFlow.Because(err)
	}
	asked, err := f.o.Read.Policy().Of(ctx, u.ID)
	if err != nil || !f.remembers(u, demand{asked: asked}) {
		return time.Time{}, err
	}
	return f.now().Add(asked.Remember), nil
}

// remembering makes a birth of two steps keep the browser it happens in, if that is
// wanted and allowed. The function completes the result. The secret is new each
// time, so that nobody can plant one.
func (f *Flow) remembering(b *birth, r Request) func(Result) Result {
	if !r.Remember {
		return func(res Result) Result { return res }
	}
	var kept trust.Device
	a, now, after := b.attempt, f.now(), b.after
	fresh := secret.NewAt(trust.Purpose, now)
	b.after = func(ctx context.Context, tx Tx) error {
		kept = trust.Device{}
		if err := after(ctx, tx); err != nil {
			return err
		}
		asked, err := tx.Policy().Of(ctx, a.Account.ID)
		if err != nil || !f.remembers(a.Account, demand{asked: asked}) {
			return err
		}
		kept = trust.Device{
			ID: trust.NewID(now), User: a.Account.ID, Digest: fresh.Digest(f.o.Instance), UserVersion: a.Account.Version,
			PasswordVersion: b.passwordVersion, PolicyRevision: asked.Revision, UserAgent: a.By.Source.UserAgent, IP: a.By.Source.IP,
			Place: a.By.Source.Place, CreatedAt: now, ExpiresAt: now.Add(asked.Remember),
		}
		return tx.Trust().Insert(ctx, kept, f.event(trust.Remembered, a).With("device_id", kept.ID.String()))
	}
	return func(res Result) Result {
		if kept.ID.IsZero() {
			return res
		}
		all := []string{fresh.Reveal()}
		for _, t := range trusted(r.Trusted) {
			all = append(all, t.Reveal())
		}
		res.Trusted, res.TrustUntil = strings.Join(all[:min(len(all), maxTrusted)], "~"), kept.ExpiresAt
		return res
	}
}
