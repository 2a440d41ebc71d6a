package challenge

import (
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a challenge: chl_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "chl" }

// NewID makes the name of a challenge put now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// Purpose of the secrets of flows.
const Purpose secret.Purpose = "second"

const (
	// Life is how long the second factor may take.
	Life = 10 * time.Minute
	// MaxAttempts is how often a second factor may be tried before the sign-in
	// starts again (PW-23).
	MaxAttempts = 5
	// MaxGuesses is how often in a row one method of an account may be wrong
	// (NIST SP 800-63B-4 §3.2.2).
	MaxGuesses = 100
	// StrangerGuesses is the part of them that browsers have on which the account
	// never signed in: the rest is its owner's (TH-33).
	StrangerGuesses = 90
)

// Challenge is a sign-in that waits for its second factor.
type Challenge struct {
	ID              ID
	User            user.ID
	Flow            secret.Digest // of the secret that the browser or program holds
	Key             string        // of the identifier that was typed
	Methods         []string      // what was proven, as in a session
	UserVersion     int64         // of the account, when it was proven
	PasswordVersion int64         // of the password that was right; 0: none was used
	Failures        int           // sign-ins that failed before this one
	Notice          [16]byte      // the mail that leaves if this comes to nothing; zero: none
	Enrol           bool          // there is no second factor: this ends in setting one up
	Origin          string        // what the session will begin with, as the flow wrote it; empty: nothing to tell
	Attempts        int
	CreatedAt       time.Time
	ExpiresAt       time.Time
}
