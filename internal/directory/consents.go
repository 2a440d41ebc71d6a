package directory

import (
	"context"

	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/user"
)

// Withdraw takes back what an account agreed that a client may do, and ends the
// client's grants of it (OA-47); it returns how many. consent.ErrNone.
func (f *Flow) Withdraw(ctx context.Context, by user.Caller, id user.ID, client string) (int, error) {
	if err := f.allow(ctx, by, "users.grants.end"); err != nil {
		return 0, err
	}
	now := f.now()
	ev := by.Event(consent.Withdrawn, now, id)
	ev.Client = client
	return f.o.Read.Consents().Withdraw(ctx, id, client, now, ev)
}
