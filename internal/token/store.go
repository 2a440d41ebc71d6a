package token

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Store keeps grants and opaque access tokens. Each method is one atomic act.
type Store interface {
	// Begin keeps a new grant, and a (when not nil), if, under a share lock on
	// the account's row, the account is active and has g.UserVersion, the client
	// is enabled and has g.ClientVersion, and g.Session, when set, is live
	// (TH-1). Otherwise ErrBirth and nothing is written. It returns what tokens
	// may say.
	Begin(ctx context.Context, g Grant, a *Opaque, ev audit.Event) (Authority, error)

	// ByID returns a grant in any state, and whether it, its account, client and
	// session are alive at now with the versions that were proven. ErrUnknown.
	ByID(ctx context.Context, id ID, now time.Time) (g Grant, alive bool, err error)

	// Asked is ByID for a use of the refresh token: it says beside it what the
	// instance and the account's roles, those in organisations included, ask of a
	// grant without a session.
	Asked(ctx context.Context, id ID, now time.Time) (g Grant, alive bool, d Demand, err error)

	// Move replaces the family of a grant by m.Next, in one conditional
	// statement and under a share lock on the account's row: only if the family
	// has m.Seen's generation, digest and charges, and everything Begin asks for
	// still holds. Otherwise ErrMoved and nothing is written. AccessUntil only
	// grows. Of any number of callers that saw the same and change it, one succeeds.
	Move(ctx context.Context, m Move, ev audit.Event) (Authority, error)

	// End ends a living grant, erases its successor and writes its revocation.
	// ErrUnknown when it is not living.
	End(ctx context.Context, id ID, cause Cause, now time.Time, ev audit.Event) error
	// EndOf ends the owner's living grants for a client (empty: any), and
	// returns how many.
	EndOf(ctx context.Context, owner user.ID, client string, cause Cause, now time.Time, ev audit.Event) (int, error)
	// Of returns the owner's living grants, newest first, at most 200.
	Of(ctx context.Context, owner user.ID, now time.Time) ([]Grant, error)

	// ByAccess returns an opaque token that has not expired, with its grant and
	// what it may say, if all that Move asks for holds. Otherwise ErrUnknown.
	ByAccess(ctx context.Context, d secret.Digest, now time.Time) (Opaque, Grant, Authority, error)
	// EndAccess forgets one opaque token and writes its revocation. ErrUnknown.
	EndAccess(ctx context.Context, d secret.Digest, now time.Time, ev audit.Event) error
	// EndJWT writes the revocation of one access token of a grant. ErrUnknown
	// when there is no such grant, ended or not.
	EndJWT(ctx context.Context, of ID, id AccessID, now time.Time, ev audit.Event) error

	// Derive notes that a token of another client, made of one of the grant's, is
	// for these audiences and lives until then, if everything that Move asks for
	// holds; those who follow the audiences then hear of the grant's end. ErrBirth.
	Derive(ctx context.Context, id ID, audiences []string, until, now time.Time, ev audit.Event) error
	// Void reports whether the one token with this id was given back.
	Void(ctx context.Context, owner user.ID, id AccessID) (bool, error)

	// KeepOwn keeps an opaque token of a client's own, if the client is enabled and
	// has the versions in o.Own (TH-1). ErrBirth.
	KeepOwn(ctx context.Context, o Opaque) error
	// OwnByAccess returns an opaque token of a client's own that has not expired,
	// if its client still is what KeepOwn asked for. ErrUnknown.
	OwnByAccess(ctx context.Context, d secret.Digest, now time.Time) (Opaque, error)
	// OwnAlive reports whether the client has these versions and has not given
	// this token back.
	OwnAlive(ctx context.Context, o Own, id AccessID) (bool, error)
	// EndOwn forgets the token if it is an opaque one (d is not zero), and writes
	// its revocation. A client beyond its budget of these loses all tokens of its
	// own (TH-17). ErrUnknown when there is no such client.
	EndOwn(ctx context.Context, o Own, id AccessID, d secret.Digest, now time.Time, ev audit.Event) error

	// Bury looks at limit grants that follow after in order of id, ends those
	// that are over in any way, and erases their successors; it returns the id
	// to go on after, zero at the end. Nobody is told: what ended them has
	// written its own revocation, and time needs none.
	Bury(ctx context.Context, after ID, now time.Time, limit int) (next ID, ended int, err error)
	// Sweep deletes grants that ended before the given time and opaque tokens
	// that have expired, at most limit of each, and returns how many of both.
	Sweep(ctx context.Context, before, now time.Time, limit int) (int, error)
}

// Move is one use of a refresh token.
type Move struct {
	Grant       ID
	Seen, Next  Family
	AccessUntil time.Time // of the access token that is minted with it
	Access      *Opaque   // kept with it; nil for a JWT
	Now         time.Time
	Asked       bool // the account is told with it that more is asked of it; of many times the first counts
}

// Authority is what an access token may say of its account and client, read in
// one act (TH-3).
type Authority struct {
	TokenVersion  int64 // of the account: the claim uv
	ClientVersion int64 // the claim cv
	Roles         []string
	Organizations []Membership // by slug, at most MaxOrganizations
}

// MaxOrganizations bounds what a token says (JW-30).
const MaxOrganizations = 32

// Membership is one organisation of the account.
type Membership struct {
	ID    string
	Slug  string
	Roles []string
}

// Own is the client that has got a token for itself, with the versions it was
// minted under.
type Own struct {
	Client        string
	ClientVersion int64 // the claim cv
	TokenVersion  int64 // the claim uv
}

// Opaque is an access token that only this instance can read.
type Opaque struct {
	ID        AccessID
	Digest    secret.Digest
	Grant     ID  // zero: nobody's but Own
	Own       Own // of a token without a grant
	Audiences []string
	Scope     string
	JKT, X5T  string // of the key it is bound to; empty: a bearer token
	IssuedAt  time.Time
	ExpiresAt time.Time
}
