package directory

import (
	"context"

	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// InitialTokens returns initial access tokens in order of their making.
func (f *Flow) InitialTokens(ctx context.Context, by user.Caller, after registration.ID, limit int) ([]registration.Token, error) {
	if err := f.allow(ctx, by, "initial_tokens.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Registrations().Tokens(ctx, after, limit)
}

// InitialToken returns one, or registration.ErrUnknown.
func (f *Flow) InitialToken(ctx context.Context, by user.Caller, id registration.ID) (registration.Token, error) {
	if err := f.allow(ctx, by, "initial_tokens.get"); err != nil {
		return registration.Token{}, err
	}
	return f.o.Read.Registrations().Token(ctx, id)
}

// CreateInitialToken makes an initial access token, which is returned to be shown
// this once.
func (f *Flow) CreateInitialToken(ctx context.Context, by user.Caller, t registration.Token) (registration.Token, secret.Credential, error) {
	if err := f.allow(ctx, by, "initial_tokens.create"); err != nil {
		return t, secret.Credential{}, err
	}
	now := f.now()
	t.ID, t.CreatedAt, t.Uses = registration.NewID(now), now, 0
	t, err := t.Clean()
	if err != nil {
		return t, secret.Credential{}, err
	}
	text := secret.NewCredential(secret.InitialToken)
	t.Digest = text.Digest(f.o.Instance)
	ev := by.Event(registration.TokenCreated, now, user.ID{}).With("initial_token", t.ID.String()).With("name", t.Name)
	if err := f.o.Read.Registrations().CreateToken(ctx, t, ev); err != nil {
		return t, secret.Credential{}, err
	}
	return t, text, nil
}

// DeleteInitialToken takes an initial access token back; the clients that came
// with it stay. registration.ErrUnknown.
func (f *Flow) DeleteInitialToken(ctx context.Context, by user.Caller, id registration.ID) error {
	if err := f.allow(ctx, by, "initial_tokens.delete"); err != nil {
		return err
	}
	ev := by.Event(registration.TokenDeleted, f.now(), user.ID{}).With("initial_token", id.String())
	return f.o.Read.Registrations().DeleteToken(ctx, id, ev)
}
