package oauth

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Presented is a token that a client gives back or asks about. Hints about its
// type are not needed: tokens tell theirs (RFC 7009 section 2.1).
type Presented struct {
	Client client.Credentials
	Token  string
	Source audit.Source
}

// Revoke takes a token back (RFC 7009): a refresh token with its whole grant, an
// opaque access token alone, a JWT with the grant it came from, one without a
// grant, or exchanged from another client's, alone. What the client does not
// own, or nobody has, is as good as revoked: no error (OA-61).
func (f *Flow) Revoke(ctx context.Context, p Presented) error {
	c, err := f.authenticate(ctx, p.Client, p.Source)
	if err != nil {
		return Registered(err)
	}
	if p.Token == "" {
		return ErrInvalidRequest.Becausef("no token")
	}
	err = f.takeBack(ctx, c, p.Token)
	switch {
	case err == nil || c.proven && errors.Is(err, token.ErrRefused):
		f.done(ctx, c)
	case !errors.Is(err, token.ErrRefused):
		return err
	}
	// Whoever proves nothing and guesses has the same answer, and fewer tries.
	return nil
}

func (f *Flow) takeBack(ctx context.Context, c *caller, text string) error {
	r := token.Request{Token: text, Client: string(c.ID), Authenticated: c.proven, Source: c.source}
	switch {
	case secret.RefreshToken.Marks(text):
		_, err := f.o.Grants.Revoke(ctx, r)
		return err
	case secret.OpaqueAccessToken.Marks(text):
		return f.o.Grants.RevokeOpaque(ctx, r)
	}
	return f.endGrantOf(ctx, c, text)
}

// endGrantOf ends the grant a JWT came from, when it is the client's own.
func (f *Flow) endGrantOf(ctx context.Context, c *caller, text string) error {
	a, err := f.o.Checker.Access(ctx, text)
	if err != nil {
		if down := unavailable(err); down != nil {
			return down
		}
		return token.ErrRefused.Because(err)
	}
	if a.ClientID != string(c.ID) {
		return token.ErrRefused.Becausef("an access token of another client")
	}
	if _, own := token.OwnOf(a); own {
		return f.o.Grants.RevokeOwn(ctx, a, token.Request{Client: string(c.ID), Authenticated: c.proven, Source: c.source})
	}
	derived, err := f.o.Grants.Derived(ctx, a)
	if errors.Is(err, token.ErrUnknown) {
		return token.ErrRefused.Because(err)
	}
	if err != nil {
		return err
	}
	if derived { // the grant is another client's
		return f.o.Grants.RevokeJWT(ctx, a, token.Request{Client: string(c.ID), Authenticated: c.proven, Source: c.source})
	}
	grant, err := token.ParseID(a.Grant)
	if err != nil {
		return token.ErrRefused.Because(err)
	}
	owner, err := user.ParseID(a.Subject)
	if err != nil {
		return token.ErrRefused.Because(err)
	}
	by := user.Caller{Actor: audit.Actor{Type: audit.ActorClient, ID: string(c.ID)}, Source: c.source}
	err = f.o.Grants.End(ctx, by, owner, grant, token.Revoked)
	if errors.Is(err, token.ErrUnknown) {
		return token.ErrRefused.Because(err)
	}
	return err
}
