package federate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Purpose is what somebody is sent to a service for.
type Purpose string

const (
	SignIn Purpose = "signin"
	Link   Purpose = "link"
	StepUp Purpose = "stepup"
	Test   Purpose = "test"
)

// Carry is what goes along and comes back as it was.
type Carry struct {
	ReturnTo string `json:"to,omitempty"`     // checked by the caller
	Beside   bool   `json:"beside,omitempty"` // whoever is signed in stays so
	Act      string `json:"act,omitempty"`    // the act to be confirmed, as the caller sealed it
	Page     string `json:"page,omitempty"`   // of a program that is told the answer: registered for it
	Bound    string `json:"bound,omitempty"`  // what the answer is good for
	Hint     string `json:"hint,omitempty"`
}

// Purposes of what is sealed.
const (
	sealAttempt = "federation.attempt"
	sealPending = "federation.pending"
	sealAnswer  = "federation.answer"
	sealTest    = "federation.test"
	sealProgram = "federation.program"
	sealOnward  = "federation.onward"
	sealTokens  = "federation.tokens"
)

// Lives of what is sealed.
const (
	AttemptLife = 15 * time.Minute
	PendingLife = 20 * time.Minute
	answerLife  = 5 * time.Minute
	testLife    = 15 * time.Minute
)

// attempt is what the browser keeps while somebody is away.
type attempt struct {
	State      string        `json:"s"`
	Connection federation.ID `json:"c"`
	Version    int64         `json:"v"` // of the connection: whatever changed since ends it
	Kept       []byte        `json:"k"`
	Purpose    Purpose       `json:"p"`
	User       user.ID       `json:"u,omitzero"` // whose account, and in which session: link and stepup
	Session    string        `json:"ses,omitempty"`
	Carry      Carry         `json:"y"`
	Began      time.Time     `json:"t"`
}

func (a attempt) live(now time.Time) bool { return live(a.Began, AttemptLife, now) }

// live: a clock that went back ends nothing early, and prolongs nothing for long.
func live(began time.Time, life time.Duration, now time.Time) bool {
	return now.Before(began.Add(life)) && !now.Before(began.Add(-life))
}

// statePurpose is that of what a service echoes.
const statePurpose secret.Purpose = "federation"

// Tag names an attempt among others of one browser by its state.
func Tag(state string) string {
	sum := sha256.Sum256([]byte("tag " + state))
	return hex.EncodeToString(sum[:6])
}

// once is what an attempt, an answer or a pending link is spent by.
func once(purpose, text string) [32]byte { return sha256.Sum256([]byte(purpose + " " + text)) }

// longest is the most sealed text that is looked at.
const longest = 4096

func (f *Flow) seal(purpose string, v any) string {
	plain, err := json.Marshal(v)
	if err != nil {
		return "" // structs of strings, numbers and times always marshal
	}
	return base64.RawURLEncoding.EncodeToString(f.o.Keys.Seal(purpose, f.o.Instance[:], plain))
}

func (f *Flow) unseal(purpose, text string, into any) bool {
	if text == "" || len(text) > longest {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	plain, err := f.o.Keys.Open(purpose, f.o.Instance[:], sealed)
	return err == nil && json.Unmarshal(plain, into) == nil
}
