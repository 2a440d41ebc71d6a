package devicecode

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Store keeps authorizations. Each method is one atomic act.
type Store interface {
	// Insert keeps a pending authorization. ErrTaken when another has its user
	// code, over or not.
	Insert(ctx context.Context, a Authorization, ev audit.Event) error
	// ByUserCode returns the pending authorization that has not expired at now.
	// ErrUnknown.
	ByUserCode(ctx context.Context, code secret.Digest, now time.Time) (Authorization, error)
	// Approve lets a pending authorization's device in if, under a share lock on
	// the account's row, the account is active and has by.UserVersion, and
	// by.Session is live (TH-1); else ErrBirth. ErrUnknown when none is pending.
	// Of any number of callers that decide, one succeeds.
	Approve(ctx context.Context, code secret.Digest, by Approver, now time.Time, ev audit.Event) error
	// Deny refuses a pending authorization. ErrUnknown.
	Deny(ctx context.Context, code secret.Digest, now time.Time, ev audit.Event) error
	// Poll returns the authorization of client as it was before, in any state, and
	// notes that it was asked about while it is pending; asked TooSoon, its
	// interval grows for good by Interval. ErrUnknown.
	Poll(ctx context.Context, d secret.Digest, client string, now time.Time) (Authorization, error)
	// Redeem spends an approved authorization of client that has not expired,
	// once. ErrUnknown.
	Redeem(ctx context.Context, d secret.Digest, client string, now time.Time) error
	// Sweep forgets authorizations that expired before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
