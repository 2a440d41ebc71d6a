package registration

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Store keeps initial access tokens and registrations. Each method is one atomic
// act; one that takes an event writes both or neither.
type Store interface {
	// CreateToken keeps an initial access token.
	CreateToken(ctx context.Context, t Token, ev audit.Event) error
	// DeleteToken forgets one; clients that came with it stay. ErrUnknown.
	DeleteToken(ctx context.Context, id ID, ev audit.Event) error
	// Token returns one, or ErrUnknown.
	Token(ctx context.Context, id ID) (Token, error)
	// Tokens returns those created after the given one, in order, at most limit.
	Tokens(ctx context.Context, after ID, limit int) ([]Token, error)
	// Live returns the token with this digest if a use is left at now, or ErrToken.
	Live(ctx context.Context, d secret.Digest, now time.Time) (Token, error)
	// Spend takes one use of the token with this digest and returns it as it then
	// is: one conditional statement. ErrToken when none is left at now, or there is
	// no such token. Call it in the transaction that makes the client.
	Spend(ctx context.Context, d secret.Digest, now time.Time) (Token, error)
	// SweepTokens forgets those that expired before the given time.
	SweepTokens(ctx context.Context, before time.Time, limit int) (int, error)

	// Put keeps the registration of a client, which must exist.
	Put(ctx context.Context, r Registration) error
	// ByClient returns a client's registration, or ErrUnknown.
	ByClient(ctx context.Context, client string) (Registration, error)
	// Idle returns clients that nobody vouched for, neither by an initial access
	// token nor in a file, that were registered before the given time, did not
	// authenticate since, and whose refresh tokens have lapsed: at most limit.
	Idle(ctx context.Context, before, now time.Time, limit int) ([]string, error)
	// Count is how many clients registered themselves from a source.
	Count(ctx context.Context, from Source) (int64, error)
}
