package user

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// Store keeps accounts and their addresses. Each method is one atomic act; one
// that takes an event writes both or neither.
type Store interface {
	// Create inserts u with its addresses and roles. A verified address that an
	// account holds unverified is taken over: that account, which nobody ever
	// proved, is deleted with all that was born of it (PW-36, TH-41). Any other
	// address in use: ErrEmailTaken. A role that does not exist: rbac.ErrUnknown.
	Create(ctx context.Context, u User, emails []Email, ev audit.Event) error

	// ByID returns the account in any state, or ErrUnknown.
	ByID(ctx context.Context, id ID) (User, error)
	// WithPrimary is ByID with the primary address; zero when there is none.
	WithPrimary(ctx context.Context, id ID) (User, Email, error)
	// ByEmail returns the account that holds the address with this key, verified
	// or not, and that address; or ErrUnknown.
	ByEmail(ctx context.Context, key string) (User, Email, error)
	// Emails returns the account's addresses, the primary one first, then oldest first.
	Emails(ctx context.Context, id ID) ([]Email, error)
	// List returns accounts in order of id, at most q.Limit.
	List(ctx context.Context, q Query) ([]Listed, error)
	// Count returns how many accounts q selects, ignoring After and Limit.
	Count(ctx context.Context, q Query) (int64, error)

	// Holders counts the active accounts with a role, and makes every other
	// transaction that asks wait until this one is over: of two that each take
	// the role from one of the last two, the second sees what the first did.
	Holders(ctx context.Context, role string) (int64, error)

	// SetProfile replaces name, locale and time zone. With revision > 0 only if
	// that still is the account's revision, else ErrStale.
	SetProfile(ctx context.Context, id ID, p Profile, revision int64, now time.Time, ev audit.Event) error
	// SetRoles replaces the instance-wide roles. Live sessions notice at once
	// (a revocation that says "read again" is written); none ends.
	SetRoles(ctx context.Context, id ID, roles []string, managedBy string, now time.Time, ev audit.Event) error
	// SetState moves the account from one state to another, raises its version,
	// and ends everything born of it: sessions and mailed proofs. ErrStale when
	// it is not in state from. deleteAt is kept only for Deleting.
	SetState(ctx context.Context, id ID, from, to State, deleteAt, now time.Time, ev audit.Event) error

	// Hold keeps others from changing the account until the transaction it is
	// called in ends, for an act that was proven before it. ErrStale when the
	// account is not active any more or has another version, or its password
	// another than passwordVersion, where 0 is not compared (TH-1).
	Hold(ctx context.Context, id ID, version, passwordVersion int64) error

	// AddEmail inserts an address, taking it over as Create does when it is
	// verified and held unverified elsewhere. ErrEmailTaken, ErrTooManyEmails.
	AddEmail(ctx context.Context, e Email, ev audit.Event) error
	// VerifyEmail marks an address the account has as verified. ErrEmailUnknown.
	VerifyEmail(ctx context.Context, id ID, key string, now time.Time, ev audit.Event) error
	// SetPrimary makes a verified address the primary one. ErrEmailUnknown, ErrEmailUnverified.
	SetPrimary(ctx context.Context, id ID, key string, now time.Time, ev audit.Event) error
	// RemoveEmail deletes an address that is not the primary one. ErrEmailUnknown, ErrLastEmail.
	RemoveEmail(ctx context.Context, id ID, key string, now time.Time, ev audit.Event) error
	// FormerEmails returns verified addresses that were removed at or after since;
	// one may be on an account again. VerifiedAt is when they were verified (TH-43).
	FormerEmails(ctx context.Context, id ID, since time.Time) ([]Email, error)
	// SweepFormerEmails forgets those removed before the given time.
	SweepFormerEmails(ctx context.Context, before time.Time, limit int) (int, error)

	// DueForDeletion returns accounts in state Deleting whose DeleteAt has passed.
	DueForDeletion(ctx context.Context, now time.Time, limit int) ([]ID, error)
	// Delete removes the account and all it owns, for good; audit rows stay.
	// Whatever was born of it dies at once. ErrUnknown.
	Delete(ctx context.Context, id ID, now time.Time, ev audit.Event) error
}

// Query selects accounts.
type Query struct {
	After ID     // only accounts after this one; zero from the start
	Limit int    // 1 to 200
	Text  string // prefix of an address key or of a name's folded form; empty: all
	State State  // empty: all
	Role  string // empty: all
}

// Listed is an account in a list.
type Listed struct {
	User
	Email    string // primary address
	Verified bool   // of that address
}
