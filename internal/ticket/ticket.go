package ticket

import (
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Purposes of the secrets of a journey.
const (
	HandlePurpose secret.Purpose = "parked"
	NoncePurpose  secret.Purpose = "gnonce"
	TicketPurpose secret.Purpose = "ticket"
	GatePurpose   secret.Purpose = "gate"
)

const (
	// ParkedLife is how long a request waits for its sign-in.
	ParkedLife = 15 * time.Minute
	// Life is how long a ticket is good.
	Life = 30 * time.Second
)

// Parked is a request that waits for a sign-in.
type Parked struct {
	Handle    secret.Digest // changes once, when Nonce is bound
	Host      string        // of the protected site
	URL       string        // where the browser was going
	Nonce     secret.Digest // of the cookie on Host; zero: not bound yet
	Ticket    secret.Digest // zero: none was issued
	Until     time.Time     // of the ticket
	Session   [16]byte      // whose ticket it is
	User      user.ID       // whose session that is
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Gate is a session's way into one host.
type Gate struct {
	Digest    secret.Digest // of the cookie's secret
	Host      string        // the only host it opens
	Session   [16]byte      // its parent
	User      user.ID
	CreatedAt time.Time
}

// Opened is what a gate's secret leads to.
type Opened struct {
	Host    string
	Session secret.Digest // of the parent session's secret as it is now
}
