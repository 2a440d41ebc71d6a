package factor

import (
	"context"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/user"
)

// RemovePasskeyFor takes a passkey of somebody else away. The caller must be the
// host (TH-42). passkey.ErrUnknown; passkey.ErrLast when nobody could sign in any
// more (PW-72).
func (f *Flow) RemovePasskeyFor(ctx context.Context, by user.Caller, of user.ID, id passkey.ID) error {
	u, err := f.o.Read.Users().ByID(ctx, of)
	if err != nil {
		return err
	}
	have, err := f.o.Read.Passkeys().Of(ctx, of)
	if err != nil {
		return err
	}
	for _, k := range have {
		if k.ID == id {
			ev := by.Event(passkey.Removed, f.now(), of).With("passkey", id.String())
			return f.telling(ctx, u, by, mail.FactorRemoved, k.Name, "en", func(tx Tx) error {
				return tx.Passkeys().Remove(ctx, of, id, ev)
			})
		}
	}
	return passkey.ErrUnknown
}
