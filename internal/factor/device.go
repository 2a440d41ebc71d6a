package factor

import (
	"context"

	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

// Devices are those on which the caller is asked for no second step, newest first.
func (f *Flow) Devices(ctx context.Context, by user.Caller) ([]trust.Device, error) {
	return f.o.Read.Trust().Of(ctx, by.User, f.now())
}

// ForgetDevice ends one of the caller's: trust.ErrUnknown. It takes nothing away from
// anybody, so it needs no proof.
func (f *Flow) ForgetDevice(ctx context.Context, by user.Caller, id trust.ID) error {
	return f.o.Read.Trust().Forget(ctx, by.User, id, by.Event(trust.Forgotten, f.now(), by.User).With("device_id", id.String()))
}

// ForgetDevices ends all of the caller's and returns how many there were.
func (f *Flow) ForgetDevices(ctx context.Context, by user.Caller) (int, error) {
	return f.o.Read.Trust().ForgetAll(ctx, by.User, by.Event(trust.Forgotten, f.now(), by.User).With("device_id", "all"))
}
