package signing

import (
	"context"

	"github.com/mortise-auth/mortise/internal/jose"
)

// Former looks up a key that has retired and is no longer published. What it
// signed is over; that it signed it may still be of use, as of an ID token that
// comes back as a hint. The caller asks the revocations whether the key was
// withdrawn instead: here a withdrawn key is known too. It reads the store.
func (r *Ring) Former(ctx context.Context, u Use, kid string) (jose.PublicKey, error) {
	rows, err := r.o.Store.All(ctx)
	if err != nil {
		return jose.PublicKey{}, err
	}
	for _, k := range rows {
		if k.ID == kid && k.Use == u && k.State == Gone && !k.RetiredAt.IsZero() {
			return r.authentic(k)
		}
	}
	return jose.PublicKey{}, ErrUnknown
}
