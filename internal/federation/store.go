package federation

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps connections, links and which attempts came back. Each method is one
// atomic act; one that takes an event writes both or neither.
type Store interface {
	// Create inserts c, with version 1. ErrTaken; organization.ErrUnknown.
	Create(ctx context.Context, c Connection, ev audit.Event) error
	// Update replaces all but ID and CreatedAt, and raises Version, only if c.Version
	// still is the connection's, else ErrStale. ErrUnknown, ErrTaken.
	Update(ctx context.Context, c Connection, ev audit.Event) error
	// Delete removes a connection and its links, and ends the sessions and grants
	// that were born of them. ErrUnknown.
	Delete(ctx context.Context, id ID, now time.Time, ev audit.Event) error
	// ByID and ByName return the connection or ErrUnknown.
	ByID(ctx context.Context, id ID) (Connection, error)
	ByName(ctx context.Context, name string) (Connection, error)
	// List returns connections in order of name, at most limit, after the given one.
	List(ctx context.Context, after string, limit int) ([]Connection, error)
	// Buttons returns the enabled ones of the instance that are not hidden, in order
	// of name, without their settings and secrets, at most limit.
	Buttons(ctx context.Context, limit int) ([]Connection, error)

	// Link inserts l if the account is active and has the version, under a lock on
	// its row (TH-1): ErrBirth otherwise; ErrLinkTaken when any account has the
	// subject; ErrUnknown when the connection is gone or its version is not the one;
	// ErrStatement when what the service told is longer than it may be.
	Link(ctx context.Context, l Link, connectionVersion, userVersion int64, ev audit.Event) error
	// Linked finds the link of a subject; ErrLinkUnknown.
	Linked(ctx context.Context, connection ID, issuer, subject string) (Link, error)
	// LinksOf returns the links of an account, oldest first.
	LinksOf(ctx context.Context, owner user.ID) ([]Link, error)
	// Use notes a sign-in by a link: when, address, session over there, and tokens
	// if there are any. ErrLinkUnknown when it was removed since, or is not of that
	// account with that subject; ErrStatement as for Link.
	Use(ctx context.Context, l Link) error
	// Keep replaces the tokens of a link if they still are the old ones, else ErrStale.
	Keep(ctx context.Context, id LinkID, old, tokens Sealed) error
	// Unlink removes a link of owner, or ErrLinkUnknown. It is ErrLastWay when the
	// account has no password, no passkey and no other link of a connection that is on.
	Unlink(ctx context.Context, owner user.ID, id LinkID, ev audit.Event) error
	// LinksBySession finds the links that were last used in a session over there: of
	// a subject, or of any when subject is empty. With no session it is the link of
	// the subject.
	LinksBySession(ctx context.Context, connection ID, issuer, subject, session string) ([]Link, error)

	// Bear notes what a session of ours began with, in the transaction of its birth.
	// ErrLinkUnknown when the link is gone.
	Bear(ctx context.Context, s SessionID, o Origin) error
	// Origin returns what a session began with; ErrLinkUnknown when it was no link, or
	// the link is gone.
	Origin(ctx context.Context, s SessionID) (Origin, error)
	// Began returns live sessions that began with a link of t, at most limit. Without
	// subject and session there are none.
	Began(ctx context.Context, t There, now time.Time, limit int) ([]Began, error)

	// HomeOf returns the connection that an organisation's people are sent to: the
	// first by name of those that are on. ErrUnknown.
	HomeOf(ctx context.Context, organization [16]byte) (Connection, error)
	// Homes reports whether any organisation has one, and a verified domain.
	Homes(ctx context.Context) (bool, error)
	// Elsewhere returns live sessions of an account that did not begin with a link of a
	// connection of the organisation, at most limit.
	Elsewhere(ctx context.Context, owner user.ID, organization [16]byte, now time.Time, limit int) ([]SessionID, error)
	// Cut removes a link of owner though it be the last way in. ErrLinkUnknown.
	Cut(ctx context.Context, owner user.ID, id LinkID, ev audit.Event) error

	// Spend notes that an attempt came back, to be kept at least until the given
	// time. Of any number of calls with one digest one succeeds; the others are
	// ErrAttempt.
	Spend(ctx context.Context, digest [32]byte, until time.Time) error
	// Sweep forgets attempts that were to be kept until before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
