package signin

import (
	"context"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Rotate gives the caller's session a new secret and kills the old one, after an
// act that changed what the session is worth (SE-3). session.ErrEnded when
// oldSecret is not the live secret of that very session.
func (f *Flow) Rotate(ctx context.Context, by user.Caller, oldSecret string) (secret.Token, error) {
	s, err := f.own(ctx, by, oldSecret)
	if err != nil {
		return secret.Token{}, err
	}
	now, old := f.now(), s.Digest
	token := secret.NewAt(session.Purpose, now)
	s.Digest = token.Digest(f.o.Instance)
	if err := f.o.Read.Sessions().Rotate(ctx, s, old, 0, now, by.Event(session.Rotated, now, by.User)); err != nil {
		return secret.Token{}, err
	}
	return token, nil
}
