package app

import (
	"context"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/inspect"
)

// Inspector explains tokens to administrators.
func (a *App) Inspector() *inspect.Inspector {
	return inspect.New(inspect.Options{
		Issuer: a.Issuer(), Instance: a.facts.ID, Read: a.store, Grants: a.Grants, Keys: a.Signing, Now: a.c.Now,
		Live: func(ctx context.Context) (*feed.Set, error) { return a.live.Set(), a.live.Load(ctx) },
	})
}
