package reclaim

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a claim: rcl_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "rcl" }

// NewID makes the name of a claim that begins now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads rcl_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// Purposes of the secrets of a claim.
const (
	Veto   secret.Purpose = "rcveto" // objects
	Finish secret.Purpose = "rcdone" // completes
)

// Kind says who began a claim.
type Kind string

const (
	Waiting Kind = "waiting"
	Reset   Kind = "reset"
	Link    Kind = "link"
)

// Outcome says how a claim ended; empty while it lives.
type Outcome string

const (
	Completed Outcome = "completed"
	Stopped   Outcome = "stopped"
	Denied    Outcome = "denied"
	Lapsed    Outcome = "lapsed"
	Replaced  Outcome = "replaced" // by one of the host or of two administrators
)

const (
	// Repeat is how often everybody is told again while a claim waits.
	Repeat = 24 * time.Hour
	// Open is how long a claim may be completed once it is due.
	Open = 7 * 24 * time.Hour
	// LinkLife is how long a link of the host is good.
	LinkLife = time.Hour
	// Told is how long an address that left the account is still told (TH-43).
	Told = 30 * 24 * time.Hour
	// Quiet is how long nobody begins another claim by mail after one was stopped:
	// who reads a foreign mailbox must not freeze its owner's addresses for ever.
	Quiet = 7 * 24 * time.Hour
	// Keep is how long ended claims are remembered.
	Keep = 90 * 24 * time.Hour
)

// Claim is one way back.
type Claim struct {
	ID        ID
	User      user.ID
	Kind      Kind
	Level     int    // assurance of the factors that are lost; what replaces them has it too
	Address   string // where the secret that completes it is mailed; empty: nowhere
	Lang      string // of the mails, when the account has no preference
	Vouched   string // who vouched: the address that was proven, the administrators, the host
	Veto      secret.Digest
	Sealed    []byte        // the veto's secret, for the mails that repeat it
	Secret    secret.Digest // completes it; zero until it is due
	StartedAt time.Time
	DueAt     time.Time
	ExpiresAt time.Time
	NextAt    time.Time // when somebody is to be told something next
	DelayedAt time.Time // zero: nobody has objected
	EndedAt   time.Time // zero: live
	Outcome   Outcome
}

// Due reports whether c may be completed at now.
func (c Claim) Due(now time.Time) bool {
	return c.EndedAt.IsZero() && !now.Before(c.DueAt) && now.Before(c.ExpiresAt)
}

// Frozen is nil unless a claim to the account lives, else ErrFrozen: its addresses
// stay as they are (TH-43). It is asked in the transaction that would change them.
func Frozen(ctx context.Context, kept Store, owner user.ID) error {
	_, err := kept.Live(ctx, owner)
	switch {
	case errors.Is(err, ErrNone):
		return nil
	case err != nil:
		return err
	}
	return ErrFrozen
}
