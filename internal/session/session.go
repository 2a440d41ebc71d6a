package session

import (
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a session: ses_…. It stays the same when the secret rotates.
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "ses" }

// NewID makes the name of a session born now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads ses_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// Purpose of session secrets.
const Purpose secret.Purpose = "session"

// Session is one sign-in on one browser or program.
type Session struct {
	ID              ID
	User            user.ID
	Digest          secret.Digest
	UserVersion     int64    // of the account, when last proven
	UserRevision    int64    // of the account that it is to be born of; 0: any. It is not kept
	Methods         []string // RFC 8176 names, in order of use
	Assurance       int      // 1: one factor, 2: two, 3: hardware-bound
	AuthenticatedAt time.Time
	CreatedAt       time.Time
	LastSeenAt      time.Time // coalesced, about once a minute
	IdleTimeout     time.Duration
	ExpiresAt       time.Time // absolute
	IP              string
	UserAgent       string // at most 256 bytes
	Place           string
	EndedAt         time.Time
	EndCause        Cause
}

// Cause says why a session ended.
type Cause string

const (
	SignedOut       Cause = "signed_out"
	Revoked         Cause = "revoked"          // by its owner, from another session
	RevokedByAdmin  Cause = "revoked_by_admin" //
	PasswordChanged Cause = "password_changed"
	PasswordReset   Cause = "password_reset"
	AccountState    Cause = "account_state" // suspended or deleted
	Idle            Cause = "idle"
	Expired         Cause = "expired"
	LimitReached    Cause = "limit_reached" // the oldest gives way
	Restored        Cause = "restored"      // the store came from a backup
	AddressUndone   Cause = "address_undone"
	PolicyAsked     Cause = "policy"         // it proves less than is asked by now
	Unlinked        Cause = "unlinked"       // the link it began with was removed
	EndedThere      Cause = "ended_upstream" // the service it began with says that it is over
	SSORequired     Cause = "sso_required"   // an organisation requires its own sign-in from now on
	// AccountRecovered: lost factors were replaced.
	AccountRecovered Cause = "account_recovered"
)

// Live reports whether s may be used at now as far as its own row tells; the
// account's state and version are the store's to join.
func (s *Session) Live(now time.Time) bool {
	return s.EndedAt.IsZero() && now.Before(s.ExpiresAt) && now.Before(s.LastSeenAt.Add(s.IdleTimeout))
}

// Seen is one coalesced use of a session.
type Seen struct {
	ID ID
	At time.Time
}
