package api

import (
	"context"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/user"
)

// onClient makes a handler of an act on one client, which is shown afterwards.
func (s *surface) onClient(act func(Directory, context.Context, user.Caller, client.ID) error) func(context.Context, *Call, ClientRef) (Client, error) {
	return func(ctx context.Context, c *Call, in ClientRef) (Client, error) {
		if err := act(s.Directory, ctx, c.Caller, client.ID(in.Client)); err != nil {
			return Client{}, err
		}
		return s.getClient(ctx, c, in)
	}
}
