package signin

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/user"
)

// Sole is the passkey of an account that cannot be signed in to without it: it has no
// other passkey, and neither a password nor a service reaches what is asked of it. False
// when there is another way in, or no passkey. Mail is none: it opens no account that has
// passkeys only (TH-42), and stands for no more than a password does.
func (f *Flow) Sole(ctx context.Context, owner user.ID) (passkey.Passkey, bool, error) {
	keys, err := f.o.Read.Passkeys().Of(ctx, owner)
	if err != nil || len(keys) != 1 {
		return passkey.Passkey{}, false, err
	}
	besides, err := f.besides(ctx, owner)
	return keys[0], err == nil && !besides, err
}

// besides reports whether an account can be signed in to without its passkeys.
func (f *Flow) besides(ctx context.Context, owner user.ID) (bool, error) {
	reach, err := f.firsts(ctx, owner)
	if err != nil || reach == 0 {
		return false, err
	}
	asked, err := f.o.Read.Policy().Of(ctx, owner)
	if err != nil || reach >= asked.Level() {
		return err == nil, err
	}
	ways, _, err := f.standings(ctx, f.o.Read, owner)
	return slices.ContainsFunc(ways, func(name string) bool { return name != passkeys }), err
}

// firsts is the highest assurance that a first step other than a passkey gives; 0 when
// there is none.
func (f *Flow) firsts(ctx context.Context, owner user.ID) (reach int, err error) {
	switch _, err = f.o.Read.Passwords().ByUser(ctx, owner); {
	case err == nil:
		reach = 1
	case !errors.Is(err, password.ErrNone):
		return 0, err
	}
	links, err := f.o.Read.Federation().LinksOf(ctx, owner)
	if err != nil {
		return 0, err
	}
	for _, l := range links {
		c, err := f.o.Read.Federation().ByID(ctx, l.Connection)
		switch {
		case errors.Is(err, federation.ErrUnknown):
		case err != nil:
			return 0, err
		case c.Enabled && len(c.Settings.Strong) > 0:
			return 2, nil
		case c.Enabled:
			reach = 1
		}
	}
	return reach, nil
}
