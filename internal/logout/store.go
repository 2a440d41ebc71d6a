package logout

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// Store keeps participants and deliveries. Each method is one atomic act.
type Store interface {
	// Join keeps p, in the transaction that gives out the ID token. A client that
	// takes part already stays as it is. A session that is not in the store has
	// nothing to end and keeps nothing.
	Join(ctx context.Context, p Participant) error
	// Of returns who takes part in a session, by client_id; at most 200.
	Of(ctx context.Context, s SessionID) ([]Participant, error)

	// Harvest turns participants whose session ended at or after since, or whose
	// session is gone, into deliveries that are due now, at most limit, and
	// returns how many participants it took. A client that wants no word, or is
	// gone, gets no delivery. Of any number of callers one takes a participant.
	Harvest(ctx context.Context, since, now time.Time, limit int) (int, error)

	// Claim leases deliveries that are due, longest first, at most limit, and
	// counts an attempt. Until the lease ends nobody else is given them.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Delivery, error)
	// Finish ends the lease of that attempt for good, with its event. Retry
	// ends it until a given time. A lease that was lost meanwhile is ErrLost, and
	// nothing is written.
	Finish(ctx context.Context, d Delivery, o Outcome, reason string, now time.Time, ev audit.Event) error
	Retry(ctx context.Context, d Delivery, at time.Time, reason string) error

	// Depth counts.
	Depth(ctx context.Context) (Depth, error)
	// Stuck returns deliveries that wait or are dead, oldest first, after the
	// given one, at most limit.
	Stuck(ctx context.Context, after ID, limit int) ([]Delivery, error)
	// Again makes a delivery that waits or is dead due now, as new. ErrUnknown.
	Again(ctx context.Context, id ID, now time.Time, ev audit.Event) error
	// Sweep forgets deliveries finished before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
