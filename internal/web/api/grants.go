package api

import (
	"context"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) grantTable() []endpoint {
	const text = "Newest first: one grant for each sign-in of an app. Ending one ends its refresh token and every access token minted from it."
	gone := []*problem.Error{token.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me/grants", Tag: "My account", Name: "me.grants.list", Summary: "List the apps that act for me", Text: text}, s.grants),
		route(s, endpoint{Method: "DELETE", Path: "/me/grants/{grant}", Tag: "My account", Name: "me.grants.end", Summary: "Sign an app out, with its tokens", Errors: gone}, s.endGrant),
		route(s, endpoint{Method: "GET", Path: "/users/{user}/grants", Access: web.Admin, Tag: "Users", Name: "users.grants.list", Summary: "List the apps that act for a user", Text: text, Errors: []*problem.Error{user.ErrUnknown}}, s.userGrants),
		route(s, endpoint{
			Method: "DELETE", Path: "/users/{user}/grants/{grant}", Access: web.Admin, Tag: "Users", Name: "users.grants.end", Summary: "Sign an app of a user out, with its tokens",
			Errors: append([]*problem.Error{user.ErrUnknown}, gone...),
		}, s.endUserGrant),
	}
}

// Grant is one sign-in of an app in the name of an account.
type Grant struct {
	ID         token.ID     `json:"id" doc:"grt_…, the claim gid of its access tokens."`
	ClientID   string       `json:"client_id"`
	App        string       `json:"app" doc:"What the client is called."`
	Scopes     []GrantScope `json:"scopes"`
	Audiences  []string     `json:"audiences" doc:"The APIs its tokens are for."`
	Session    string       `json:"session,omitempty" doc:"ses_…, with which it ends; absent: it outlives sessions."`
	CreatedAt  time.Time    `json:"created_at"`
	LastUsedAt time.Time    `json:"last_used_at" doc:"When tokens were last minted from it."`
	LapsesAt   time.Time    `json:"lapses_at" doc:"When it ends unless it is renewed."`
	ExpiresAt  time.Time    `json:"expires_at" doc:"When it ends whatever happens."`
}

// GrantScope is one thing an app may do.
type GrantScope struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

func showGrant(a account.App) Grant {
	out := Grant{
		ID: a.ID, ClientID: a.Client, App: a.Name, Scopes: []GrantScope{}, Audiences: listed(a.Audiences),
		CreatedAt: a.CreatedAt.UTC(), LastUsedAt: a.LastUsed().UTC(), LapsesAt: a.Family.LapsesAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(),
	}
	for _, scope := range a.Scopes {
		out.Scopes = append(out.Scopes, GrantScope{scope.Name, scope.Description})
	}
	if !a.Session.IsZero() {
		out.Session = a.Session.String()
	}
	return out
}

func grantCursor(a account.App) string { return a.ID.String() }

// appsOf names the apps that are signed in by a session, each once.
func appsOf(id session.ID, apps []account.App) []string {
	var names []string
	for _, a := range apps {
		if a.Session == token.SessionID(id) && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

func (s *surface) grants(ctx context.Context, c *Call, in PageRequest) (List[Grant], error) {
	all, err := s.Account.Apps(ctx, c.Caller)
	if err != nil {
		return List[Grant]{}, err
	}
	return paged(s, c, rest(all, in.After, grantCursor), size(in.Limit), grantCursor, showGrant), nil
}

// GrantRef names a grant of the caller.
type GrantRef struct {
	Grant string `path:"grant" doc:"grt_…"`
}

func (s *surface) endGrant(ctx context.Context, c *Call, in GrantRef) (none, error) {
	id, err := grantID(in.Grant)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Account.EndGrant(ctx, c.Caller, id)
}

func grantID(text string) (token.ID, error) {
	id, err := token.ParseID(text)
	if err != nil {
		return id, token.ErrUnknown.Because(err)
	}
	return id, nil
}

func (s *surface) userGrants(ctx context.Context, c *Call, in UserPage) (List[Grant], error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return List[Grant]{}, err
	}
	all, err := s.Account.AppsOf(ctx, u.ID)
	if err != nil {
		return List[Grant]{}, err
	}
	return paged(s, c, rest(all, in.After, grantCursor), size(in.Limit), grantCursor, showGrant), nil
}

// UserGrant names a grant of a user.
type UserGrant struct {
	User  string `path:"user" doc:"usr_… or an e-mail address."`
	Grant string `path:"grant" doc:"grt_…"`
}

func (s *surface) endUserGrant(ctx context.Context, c *Call, in UserGrant) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	id, err := grantID(in.Grant)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.EndGrant(ctx, c.Caller, u.ID, id)
}
