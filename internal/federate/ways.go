package federate

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/user"
)

// nothingBetter is ErrNotProven when an account has a password or a passkey.
func (f *Flow) nothingBetter(ctx context.Context, owner user.ID) error {
	_, err := f.o.Read.Passwords().ByUser(ctx, owner)
	if err == nil {
		return ErrNotProven
	}
	if !errors.Is(err, password.ErrNone) {
		return err
	}
	keys, err := f.o.Read.Passkeys().Of(ctx, owner)
	if err == nil && len(keys) > 0 {
		return ErrNotProven
	}
	return err
}

// Linked is a link with the connection that it is of.
type Linked struct {
	federation.Link
	Connection federation.Connection
	Proves     bool // it can confirm acts of its owner
}

// Links are those of the caller's account, oldest first.
func (f *Flow) Links(ctx context.Context, by user.Caller) ([]Linked, error) {
	return f.LinksOf(ctx, by.User)
}

// LinksOf are those of an account, oldest first.
func (f *Flow) LinksOf(ctx context.Context, owner user.ID) ([]Linked, error) {
	all, err := f.o.Read.Federation().LinksOf(ctx, owner)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	only := f.nothingBetter(ctx, owner)
	if only != nil && !errors.Is(only, ErrNotProven) {
		return nil, only
	}
	out := make([]Linked, 0, len(all))
	for _, l := range all {
		c, err := f.o.Read.Federation().ByID(ctx, l.Connection)
		if errors.Is(err, federation.ErrUnknown) {
			continue // deleted just now
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Linked{Link: l, Connection: c, Proves: c.Enabled && (c.ProvesAnew() || only == nil)})
	}
	return out, nil
}
