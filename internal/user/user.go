package user

import (
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/id"
)

// ID names an account: usr_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "usr" }

// NewID makes the name of an account created now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// DerivedID is the name of an account to be; see id.Derived.
func DerivedID(made time.Time, from [32]byte) ID { return id.Derived[noun](made, from) }

// ParseID reads usr_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// State says whether an account may act. The zero State may not.
type State string

const (
	Active    State = "active"
	Suspended State = "suspended"
	Deleting  State = "deleting" // until DeleteAt; only its owner's cancel link still works
)

// User is one account. Version counts the acts that end what was born before;
// TokenVersion those and every loss of authority, and is what tokens carry (TH-3);
// Revision counts every change and serves as an entity tag.
type User struct {
	ID        ID
	Name      string // what to call them; may be empty
	Locale    string // BCP 47, empty: as the browser asks
	TimeZone  string // IANA name, empty: UTC
	State     State
	DeleteAt  time.Time // set exactly while Deleting
	Roles     []string  // instance-wide role names, sorted
	ManagedBy string    // "file" when declared by apply, else empty
	Version   int64
	// TokenVersion is read only: stores raise it.
	TokenVersion int64
	Revision     int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Email is one address of one account.
type Email struct {
	User       ID
	Address    string    // as its owner writes it
	Key        string    // as it is compared: see ParseEmail
	VerifiedAt time.Time // zero: not verified
	Primary    bool      // exactly one address of an account is
	CreatedAt  time.Time
}

// Verified reports whether the account's owner has shown to read this address.
func (e Email) Verified() bool { return !e.VerifiedAt.IsZero() }

// Caller is who asks and from where. Flows take it as an argument; it is never
// hidden in a context.
type Caller struct {
	Actor   audit.Actor
	User    ID     // zero unless Actor.Type is ActorUser
	Session string // ses_… of the session the request came with; may be empty
	Source  audit.Source
}

// By returns a Caller that acts as the account u in the given session.
func By(u ID, session string, from audit.Source) Caller {
	return Caller{Actor: audit.Actor{Type: audit.ActorUser, ID: u.String()}, User: u, Session: session, Source: from}
}

// Anonymous returns a Caller nobody has vouched for.
func Anonymous(from audit.Source) Caller {
	return Caller{Actor: audit.Actor{Type: audit.ActorAnonymous}, Source: from}
}

// Host is somebody with a shell on the machine.
func Host() Caller { return Caller{Actor: audit.Actor{Type: audit.ActorHost}} }

// System is Mortise itself.
func System() Caller { return Caller{Actor: audit.Actor{Type: audit.ActorSystem}} }

// Event starts an audit event by c about the account subject.
func (c Caller) Event(n audit.Name, now time.Time, subject ID) audit.Event {
	return audit.New(n, now, c.Actor, c.Source, subject.String()).InSession(c.Session)
}
