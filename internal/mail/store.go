package mail

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
)

// ID names a queued message: msg_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "msg" }

// NewID makes the name of a message queued now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// Queued is one message in the outbox.
type Queued struct {
	ID        ID
	Channel   string // "email", "sms" or "voice"
	Template  string
	Sealed    []byte // keyring purpose "mail", associated data: the id
	Attempts  int
	NextAt    time.Time
	CreatedAt time.Time
}

// Depth is the state of the outbox.
type Depth struct {
	Waiting int
	Dead    int
	Oldest  time.Time // of those waiting; zero when none
}

// Store is the durable outbox.
type Store interface {
	// Enqueue keeps m, in the caller's transaction.
	Enqueue(ctx context.Context, m Queued) error
	// Withdraw takes back a message that was never tried. Any other stays.
	Withdraw(ctx context.Context, id ID) error
	// Claim leases due and unleased messages, oldest first; several replicas
	// never hold the same lease.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Queued, error)
	// Sent, Retry and Dead end a lease.
	Sent(ctx context.Context, id ID, now time.Time) error
	Retry(ctx context.Context, id ID, at time.Time, attempts int, reason string) error
	Dead(ctx context.Context, id ID, now time.Time, reason string) error
	// Depth counts what was created by now: a message that is to leave later bears
	// the time when it is due.
	Depth(ctx context.Context, now time.Time) (Depth, error)
	// Sweep forgets messages sent or dead before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
