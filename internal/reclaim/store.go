package reclaim

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps claims. Each method is one atomic act.
type Store interface {
	// Begin keeps c if its account is active, under a lock on the account's row:
	// user.ErrInactive otherwise. When another one lives, it is ErrRunning for a
	// waiting claim; for others the old one ends as Replaced.
	Begin(ctx context.Context, c Claim, ev audit.Event) error
	// Live returns the account's live claim, or ErrNone.
	Live(ctx context.Context, owner user.ID) (Claim, error)
	// ByID, ByVeto and BySecret return a claim that lives, or ErrNone.
	ByID(ctx context.Context, id ID) (Claim, error)
	ByVeto(ctx context.Context, d secret.Digest) (Claim, error)
	BySecret(ctx context.Context, d secret.Digest) (Claim, error)
	// Running returns live claims in order of id.
	Running(ctx context.Context, after ID, limit int) ([]Claim, error)
	// StoppedSince reports whether a claim to the account was stopped or denied at
	// or after the given time.
	StoppedSince(ctx context.Context, owner user.ID, since time.Time) (bool, error)

	// Delay moves a live claim nobody has delayed to a later time, and takes back
	// the secret that completes it, unless the host handed it over: nobody mails
	// another one. Of any number of callers one succeeds: ErrDelayed; ErrNone when it
	// is over.
	Delay(ctx context.Context, id ID, due, expires, now time.Time, ev audit.Event) error
	// Stir notes that what was to be told at the time was is being told, and gives
	// the claim the secret that completes it unless that is zero. Of any number of
	// callers one succeeds; the others, and who comes after the end, get ErrNone.
	Stir(ctx context.Context, id ID, was, next time.Time, completing secret.Digest, ev audit.Event) error
	// Complete ends a claim that is due, by its secret, and forgets every factor of
	// its account: authenticator apps, recovery codes, passkeys. Of any number of
	// callers one succeeds; the others get ErrNone.
	Complete(ctx context.Context, id ID, completing secret.Digest, now time.Time, ev audit.Event) error
	// End ends a live claim, or ErrNone.
	End(ctx context.Context, id ID, how Outcome, now time.Time, ev audit.Event) error

	// Stirring returns live claims with something to be told at now.
	Stirring(ctx context.Context, now time.Time, limit int) ([]Claim, error)
	// Sweep forgets claims that ended before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
