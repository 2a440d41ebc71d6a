package token

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a grant, and is the claim gid: grt_…. It is random throughout
// (TH-13): verifiers see it, and it tells them no time.
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "grt" }

// NewID makes the name of a grant.
func NewID() (v ID) {
	secret.Fill(v[:])
	return v
}

// ParseID reads grt_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// AccessID names one access token, and is the claim jti: tok_…, random (JW-33).
type AccessID = id.ID[accessNoun]

type accessNoun struct{}

func (accessNoun) Prefix() string { return "tok" }

// ParseAccessID reads tok_….
func ParseAccessID(s string) (AccessID, error) { return id.Parse[accessNoun](s) }

// SessionID names a session; convert a session.ID to it.
type SessionID = id.ID[sessionNoun]

type sessionNoun struct{}

func (sessionNoun) Prefix() string { return "ses" }

// SenderKind says how the holder of a refresh token proves to be its client.
type SenderKind string

const (
	Unproven    SenderKind = "none"   // a public client without a key; a cookie proves nothing either
	Client      SenderKind = "client" // client authentication
	DPoP        SenderKind = "jkt"    // the RFC 9449 key with this thumbprint
	Certificate SenderKind = "x5t"    // the RFC 8705 certificate with this thumbprint
)

// Sender is who a grant is bound to.
type Sender struct {
	Kind SenderKind
	Key  string // thumbprint, for DPoP and Certificate
}

func (s Sender) proven() bool { return s.Kind != Unproven }

// keyed: a copy of the token is worth nothing without the key, so an old one
// in the right hands is a mistake and no theft (TH-8).
func (s Sender) keyed() bool { return s.Kind == DPoP || s.Kind == Certificate }

func (s Sender) valid() bool {
	switch s.Kind {
	case Unproven, Client:
		return s.Key == ""
	case DPoP, Certificate:
		return s.Key != ""
	}
	return false
}

// Grant is what a person has let a client do, with the state of its refresh
// family.
type Grant struct {
	ID            ID
	User          user.ID
	UserVersion   int64 // that was proven
	Client        string
	ClientVersion int64     // that was proven
	Session       SessionID // zero: outlives the session (offline)
	Audiences     []string
	Scope         string          // as granted; never grows
	Claims        json.RawMessage // the claims parameter of OpenID Connect, as granted; nil: none
	Details       json.RawMessage // authorization_details as granted (RFC 9396); nil: none
	Sender        Sender
	Methods       []string // RFC 8176 names
	ACR           string
	AuthTime      time.Time
	CreatedAt     time.Time
	IdleTimeout   time.Duration
	ExpiresAt     time.Time // absolute; no rotation moves it
	AccessUntil   time.Time // when the last access token minted so far expires
	Rotates       bool      // false: sender-bound, and the token stays (OA-44)
	Family        Family
	EndedAt       time.Time
	Cause         Cause
}

// Family is the state of a grant's refresh token. Generation 0: it has none.
type Family struct {
	Generation  int64 // the newest
	Digest      secret.Digest
	Parent      secret.Digest // of the generation before; zero for the first
	Successor   []byte        // the newest, sealed under its parent; nil once it was used
	RotatedAt   time.Time     // when the newest was minted
	RotatedFrom string        // the address that got it first
	Replayed    bool          // the parent's second use was charged to the budget
	InRow       int           // generations charged since the last one that was not
	InAll       int           // generations charged
	LapsesAt    time.Time     // the earlier of idle and absolute
}

// Cause says why a grant ended.
type Cause string

const (
	Theft         Cause = "theft"          // a token came back whose successor was used, or beyond window and budget
	StoreRollback Cause = "store_rollback" // the database has forgotten a rotation it had answered
	Revoked       Cause = "revoked"        // by its owner or its client
	RevokedByHost Cause = "revoked_by_admin"
	SignedOut     Cause = "signed_out"    // with its session
	CodeReplayed  Cause = "code_replayed" // the code it was begun with came again, right in everything (OA-16)
	AccountMoved  Cause = "account"       // suspended, deleted, password changed, everything ended
	ClientMoved   Cause = "client"        // disabled, deleted, or its secrets were replaced
	Restored      Cause = "restored"      // the store came from a backup
	Withdrawn     Cause = "consent_withdrawn"
	Idle          Cause = "idle"
	Expired       Cause = "expired"
)

// lapses is the earlier of both limits (OA-45).
func (g *Grant) lapses(now time.Time) time.Time {
	if idle := now.Add(g.IdleTimeout); idle.Before(g.ExpiresAt) {
		return idle
	}
	return g.ExpiresAt
}

// assurance is what the sign-in of g proved: what its ACR says, which is less where
// the client asked for less, or two factors.
func (g *Grant) assurance() int {
	level, err := strconv.Atoi(g.ACR)
	if err != nil {
		level = 1
	}
	if slices.Contains(g.Methods, "mfa") {
		level = max(level, 2)
	}
	return level
}
