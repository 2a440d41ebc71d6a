package signin

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// mailCode is the name of the method.
const mailCode = "email_code"

// MailedProofs is what the method of mailed codes needs of proof.Store.
type MailedProofs interface {
	ByFlow(ctx context.Context, purpose proof.Purpose, d secret.Digest) (proof.Proof, error)
	Attempt(ctx context.Context, id proof.ID, now time.Time) error
}

// MailCode is the method of codes and links by mail. What it proves is that
// somebody reads the mailbox: one factor, and never the second one (PW-37).
type MailCode struct {
	mint  proof.Mint
	kept  MailedProofs
	rates ratelimit.Store
	now   func() time.Time
}

// NewMailCode makes the method.
func NewMailCode(m proof.Mint, kept MailedProofs, rates ratelimit.Store, now func() time.Time) *MailCode {
	return &MailCode{m, kept, rates, now}
}

func (*MailCode) Name() string            { return mailCode }
func (*MailCode) Factor() Factor          { return Has }
func (*MailCode) Answers(r Response) bool { return r.Mailed != nil }

// Refusal implements Refuser: wrong, spent, expired, out of tries and never mailed
// are one answer (PW-25).
func (*MailCode) Refusal() *problem.Error { return proof.ErrWrongCode }

// Finish implements Method. A flow that nobody was mailed for is kept, counted and
// judged like any other, so it takes the same time (PW-16).
func (m *MailCode) Finish(ctx context.Context, a *Attempt, r Response) (Proven, error) {
	in := r.Mailed
	if in.Link.IsZero() {
		if err := m.admit(ctx, a); err != nil {
			return Proven{}, err
		}
	}
	p, err := m.kept.ByFlow(ctx, proof.Enter, in.Flow.Digest(m.mint.Instance))
	if errors.Is(err, proof.ErrExpired) {
		return Proven{}, wrong(reasonMail)
	}
	if err != nil {
		return Proven{}, err
	}
	now := m.now().UTC().Truncate(time.Microsecond)
	fits, err := m.fits(ctx, p, in, now)
	if err != nil {
		return Proven{}, err
	}
	// The address must still be the one that was mailed, and that account's.
	if !fits || a.Account.ID.IsZero() || p.User != a.Account.ID || p.Key != a.Key || !a.Email.Verified() {
		return Proven{}, wrong(reasonMail)
	}
	ev := a.By.Event(CodeUsed, now, a.Account.ID).With("method", mailCode)
	return Proven{Methods: []string{"otp"}, Spend: func(ctx context.Context, tx Tx) error {
		err := tx.Proofs().Spend(ctx, p.ID, now, ev)
		if errors.Is(err, proof.ErrExpired) {
			return wrong(reasonReplayed)
		}
		return err
	}}, nil
}

// admit decides whether a typed code is judged at all. After as many failures in a
// row as NIST allows, a code of 27 bits is judged no more but from known devices;
// the link, which has 256, goes on working (PW-20, PW-21).
func (m *MailCode) admit(ctx context.Context, a *Attempt) error {
	if a.Before >= lockout.CodeAfter && !a.Known {
		return ErrLinkOnly
	}
	d, err := m.rates.Take(ctx, ratelimit.All(
		ratelimit.Key{Limit: ratelimit.CodeSource, Of: a.Source},
		ratelimit.Key{Limit: ratelimit.CodePair, Of: a.Key, And: a.Source},
	))
	if err != nil {
		return err
	}
	return d.Err()
}

// fits counts the try before it judges a code; a link is no guess.
func (m *MailCode) fits(ctx context.Context, p proof.Proof, in *Mailed, now time.Time) (bool, error) {
	if !in.Link.IsZero() {
		return p.Link.Equal(in.Link.Digest(m.mint.Instance)) && p.Usable(now) == nil, nil
	}
	err := m.kept.Attempt(ctx, p.ID, now)
	if errors.Is(err, proof.ErrExpired) {
		return false, nil
	}
	return err == nil && m.mint.Fits(p, in.Code), err
}
