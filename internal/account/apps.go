package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Grants is what the flow needs of token.Grants.
type Grants interface {
	Of(ctx context.Context, owner user.ID) ([]token.Grant, error)
	End(ctx context.Context, by user.Caller, owner user.ID, id token.ID, cause token.Cause) error
	EndClient(ctx context.Context, by user.Caller, owner user.ID, client string, cause token.Cause) (int, error)
}

// App is a living grant with the words that people know it by.
type App struct {
	token.Grant
	Name   string           // what the client is called; its id when it has no name or is gone
	Scopes []resource.Scope // in the order granted; those that are gone have a name only
}

// LastUsed is when the app last got tokens by it.
func (a App) LastUsed() time.Time {
	if a.Family.RotatedAt.After(a.CreatedAt) {
		return a.Family.RotatedAt
	}
	return a.CreatedAt
}

// Apps returns what the caller lets apps do, newest first.
func (f *Flow) Apps(ctx context.Context, by user.Caller) ([]App, error) {
	return f.AppsOf(ctx, by.User)
}

// AppsOf is Apps for an account whose data the caller was allowed to see.
func (f *Flow) AppsOf(ctx context.Context, owner user.ID) ([]App, error) {
	grants, err := f.o.Grants.Of(ctx, owner)
	if err != nil || len(grants) == 0 {
		return nil, err
	}
	scopes, err := f.scopes(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	all := make([]App, 0, len(grants))
	for _, g := range grants {
		if _, known := names[g.Client]; !known {
			if names[g.Client], err = f.nameOf(ctx, g.Client); err != nil {
				return nil, err
			}
		}
		a := App{Grant: g, Name: names[g.Client]}
		for _, name := range strings.Fields(g.Scope) {
			s := scopes[name]
			s.Name = name
			a.Scopes = append(a.Scopes, s)
		}
		all = append(all, a)
	}
	return all, nil
}

func (f *Flow) scopes(ctx context.Context) (map[string]resource.Scope, error) {
	known := map[string]resource.Scope{}
	for _, s := range resource.StandardScopes() {
		known[s.Name] = s
	}
	registered, err := f.o.Read.Resources().Scopes(ctx)
	for _, s := range registered {
		known[s.Name] = s
	}
	return known, err
}

func (f *Flow) nameOf(ctx context.Context, id string) (string, error) {
	c, err := f.o.Read.Clients().ByID(ctx, client.ID(id))
	switch {
	case errors.Is(err, client.ErrUnknown), err == nil && c.Name == "":
		return id, nil
	case err != nil:
		return "", err
	}
	return c.Name, nil
}

// EndGrant ends one of the caller's grants with its tokens. token.ErrUnknown.
func (f *Flow) EndGrant(ctx context.Context, by user.Caller, id token.ID) error {
	return f.o.Grants.End(ctx, by, by.User, id, token.Revoked)
}

// EndApp ends everything the caller lets one app do, and returns how many grants
// that were.
func (f *Flow) EndApp(ctx context.Context, by user.Caller, client string) (int, error) {
	if client == "" {
		return 0, token.ErrUnknown
	}
	n, err := f.o.Grants.EndClient(ctx, by, by.User, client, token.Revoked)
	if err == nil && n == 0 {
		return 0, token.ErrUnknown
	}
	return n, err
}
