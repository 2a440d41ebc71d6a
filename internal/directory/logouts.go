package directory

import (
	"context"

	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/user"
)

// Logouts returns logouts that a client is still to be told of, or was never told
// of, oldest first, after the given one (zero: from the beginning), at most limit.
func (f *Flow) Logouts(ctx context.Context, by user.Caller, after logout.ID, limit int) ([]logout.Delivery, error) {
	if err := f.allow(ctx, by, "logouts.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Logouts().Stuck(ctx, after, limit)
}

// RetryLogout tells a client again, as soon as somebody looks: within seconds.
// logout.ErrUnknown when it was told meanwhile.
func (f *Flow) RetryLogout(ctx context.Context, by user.Caller, id logout.ID) error {
	if err := f.allow(ctx, by, "logouts.retry"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Logouts().Again(ctx, id, now, by.Event(logout.AgainEvent, now, user.ID{}).With("logout", id.String()))
}
