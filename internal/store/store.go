// Package store is the seam between what Mortise knows and where it is kept.
//
// Each domain declares the Store it needs; Set unites them; an engine in
// storage/ fulfils it; storetest proves that it does, for every engine alike.
package store

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/assertion"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/idempotency"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

var (
	// ErrUnavailable: the database does not answer; nothing was done.
	ErrUnavailable = problem.New(problem.Unavailable, "store_unavailable", "We cannot reach our database right now. Nothing was changed; try again in a moment.")
	// ErrNewerSchema: the schema is newer than this program.
	ErrNewerSchema = problem.New(problem.Conflict, "newer_schema", "The database was written by a newer version of Mortise. Start that version, or restore a backup from before the upgrade.")
	// ErrOlderSchema: migrations are pending and were not asked for.
	ErrOlderSchema = problem.New(problem.Conflict, "older_schema", "The database needs a migration. Run mortise db migrate, or let serve do it.")
	// ErrLocked: another process has the data folder.
	ErrLocked = problem.New(problem.Conflict, "folder_locked", "Another process is using this data folder. Stop it first, or talk to it.")
)

// Set is every domain's store, bound to the whole database or to one transaction.
type Set interface {
	Users() user.Store
	Passwords() password.Store
	Sessions() session.Store
	Proofs() proof.Store
	Roles() rbac.Store
	Organizations() organization.Store
	Clients() client.Store
	Codes() authcode.Store
	Tokens() token.Store
	Consents() consent.Store
	Resources() resource.Store
	Lockouts() lockout.Store
	Mail() mail.Store
	Audit() audit.Store
	Revocations() revocation.Store
	Keys() keyring.Store
	SigningKeys() signing.Store
	Instance() instance.Store
	Idempotency() idempotency.Store
	Decisions() decision.Store
	Sites() site.Store
	Tickets() ticket.Store
	Assertions() assertion.Store
	AuthRequests() authreq.Store
	Logouts() logout.Store
	Registrations() registration.Store
	DeviceCodes() devicecode.Store
	DPoP() dpop.Store
	Passkeys() passkey.Store
	Phones() phone.Store
	Challenges() challenge.Store
	TOTP() totp.Store
	Recovery() recovery.Store
	Policy() policy.Store
	Trust() trust.Store
	Federation() federation.Store
	Reclaims() reclaim.Store
	Approvals() approval.Store
}

// Store is an engine. It is safe for concurrent use.
type Store interface {
	Set

	// InTx runs fn in one transaction: all of its writes are kept, durably,
	// before InTx returns nil, or none is. fn may run again after a conflict, so
	// it has no side effects; it does no I/O and no hashing and is cut off
	// (TH-26). Nothing that fn learned is true when InTx fails.
	InTx(ctx context.Context, fn func(Set) error) error

	// OnRevoke registers f to be called with the entries of every act of this
	// process, after its commit and before the act returns to its caller. Call
	// it before the store is used.
	OnRevoke(f func([]revocation.Entry))

	// Now asks the database for its time, to measure skew only.
	Now(ctx context.Context) (time.Time, error)
	// Schema tells the version of the schema and what this program wants.
	Schema(ctx context.Context) (have, want int64, err error)
	// Restored reports whether opening found the store rewound (a backup put
	// back, a failover that lost commits) and therefore ended everything that
	// was alive in it (TH-24).
	Restored() bool
	// Health returns nil when a read and a write would work.
	Health(ctx context.Context) error
	// Engine is "sqlite" or "postgres".
	Engine() string
	// Close waits for acts under way and releases everything.
	Close() error
}

type sourceKey struct{}

// WithSource names whom the acts under ctx are for, so that a flood of acts of
// one source does not hold others up (TH-26).
func WithSource(ctx context.Context, source string) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// Source is the name that WithSource gave, or empty.
func Source(ctx context.Context) string {
	s, _ := ctx.Value(sourceKey{}).(string)
	return s
}
