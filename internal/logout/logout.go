package logout

import (
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a delivery, and is the claim jti of its tokens: lgo_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "lgo" }

// NewID makes the name of a delivery made now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads lgo_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// SessionID names a session, and is the claim sid; convert a session.ID to it.
type SessionID = id.ID[sessionNoun]

type sessionNoun struct{}

func (sessionNoun) Prefix() string { return "ses" }

// Participant is a client that was given an ID token in a session.
type Participant struct {
	Session SessionID
	Client  string
	User    user.ID // set by the store
	Subject string  // the sub of that token; pairwise where the client wants it
	Since   time.Time
}

// Delivery is one logout token to be sent.
type Delivery struct {
	ID         ID
	Session    SessionID
	Client     string
	User       user.ID
	Subject    string
	Cause      string // why the session ended, by its session.Cause; empty when its row was gone
	Attempts   int    // begun so far
	NextAt     time.Time
	CreatedAt  time.Time
	FinishedAt time.Time // zero while it waits
	Outcome    Outcome
	Reason     string // why the last attempt failed
}

// Outcome is what became of a delivery.
type Outcome string

const (
	Waiting   Outcome = ""
	Delivered Outcome = "delivered"
	Dead      Outcome = "dead" // given up
)

// Depth is the state of the queue.
type Depth struct {
	Waiting int
	Dead    int       // given up and not yet forgotten
	Oldest  time.Time // of those waiting, when its session's end was noticed; zero when none waits
}

// Keep is how long a finished delivery is remembered.
const Keep = 7 * 24 * time.Hour
