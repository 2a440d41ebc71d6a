package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) userTable() []endpoint {
	const tag = "Users"
	who := []*problem.Error{user.ErrUnknown}
	act := func(verb, summary, text string, fn func(context.Context, *Call, user.User) error) endpoint {
		return route(s, endpoint{
			Method: "POST", Path: "/users/{user}/" + verb, Access: web.Admin, Tag: tag, Name: "users." + verb, Summary: summary, Text: text,
			Errors: append([]*problem.Error{directory.ErrLastAdmin}, who...),
		}, s.onUser(fn))
	}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/users", Access: web.Admin, Tag: tag, Name: "users.list", Summary: "List users", Text: "In order of id, which is the order they were made in."}, s.users),
		route(s, endpoint{
			Method: "POST", Path: "/users", Access: web.Admin, Tag: tag, Name: "users.create", Status: http.StatusCreated, Summary: "Create a user",
			Text:    "Without a password, hand them the link of recovery-link.",
			Example: `{"email": "ada@example.test", "name": "Ada Lovelace", "email_verified": true, "roles": ["editor"]}`,
			Errors:  []*problem.Error{user.ErrEmailTaken, user.ErrBadEmail, rbac.ErrUnknown, password.ErrTooShort},
		}, s.createUser),
		route(s, endpoint{Method: "GET", Path: "/users/{user}", Access: web.Admin, Tag: tag, Name: "users.get", Summary: "Read a user", Errors: who}, s.getUser),
		route(s, endpoint{
			Method: "PATCH", Path: "/users/{user}", Access: web.Admin, Tag: tag, Name: "users.update", Summary: "Change a user's name, language or time zone", Text: "What is left out stays.",
			Example: `{"name": "Ada King"}`, Errors: append([]*problem.Error{user.ErrStale}, who...),
		}, s.updateUser),
		route(s, endpoint{
			Method: "DELETE", Path: "/users/{user}", Access: web.Admin, Tag: tag, Name: "users.delete", Summary: "Delete a user for good, now",
			Errors: append([]*problem.Error{directory.ErrLastAdmin}, who...),
		}, s.deleteUser),
		act("disable", "Suspend a user", "Every session ends; nothing of the account works until it is enabled.", func(ctx context.Context, c *Call, u user.User) error {
			return s.Directory.Disable(ctx, c.Caller, u.ID, s.lang(c))
		}),
		act("enable", "Let a suspended user in again", "", func(ctx context.Context, c *Call, u user.User) error {
			return s.Directory.Enable(ctx, c.Caller, u.ID)
		}),
		route(s, endpoint{
			Method: "POST", Path: "/users/{user}/recovery-link", Access: web.Host, Tag: tag, Name: "users.recovery_link", Once: true,
			Summary: "Make a link that lets a user back in once", Text: "On the host only. It sets a new password, or, where the account asks for more than that, new factors in the place of those that are lost. It is not mailed and not kept: hand it over by a channel you trust.",
			Errors: append([]*problem.Error{user.ErrInactive}, who...),
		}, s.recoveryLink),
		route(s, endpoint{
			Method: "PUT", Path: "/users/{user}/roles", Access: web.Admin, Tag: tag, Name: "users.roles", Summary: "Replace a user's roles",
			Example: `{"roles": ["editor"]}`, Errors: append([]*problem.Error{rbac.ErrUnknown, directory.ErrLastAdmin}, who...),
		}, s.setRoles),
	}
}

// UserRef names a user.
type UserRef struct {
	User string `path:"user" doc:"usr_… or an e-mail address."`
}

// UsersRequest selects users.
type UsersRequest struct {
	Limit int    `query:"limit" doc:"Rows at most, up to 100; 50 unless said otherwise."`
	After string `query:"after" doc:"next of the page before."`
	Text  string `query:"q" doc:"How an address or a name begins."`
	State string `query:"state" enum:"active,suspended,deleting"`
	Role  string `query:"role"`
	Count bool   `query:"count" doc:"Also count them all."`
}

func (s *surface) users(ctx context.Context, c *Call, in UsersRequest) (List[User], error) {
	q := user.Query{Limit: size(in.Limit) + 1, Text: in.Text, State: user.State(in.State), Role: in.Role}
	if in.After != "" {
		after, err := user.ParseID(in.After)
		if err != nil {
			return List[User]{}, err
		}
		q.After = after
	}
	rows, err := s.Directory.Users(ctx, c.Caller, q)
	if err != nil {
		return List[User]{}, err
	}
	out := paged(s, c, rows, size(in.Limit), func(l user.Listed) string { return l.ID.String() },
		func(l user.Listed) User { return showUser(l.User, l.Email, l.Verified) })
	if in.Count {
		n, err := s.Directory.CountUsers(ctx, c.Caller, q)
		if err != nil {
			return List[User]{}, err
		}
		out.Total = &n
	}
	return out, nil
}

// seen shows an account to an administrator, as it is now.
func (s *surface) seen(ctx context.Context, c *Call, u user.User) (User, error) {
	emails, err := s.Directory.Emails(ctx, c.Caller, u.ID)
	if err != nil {
		return User{}, err
	}
	c.tag(u.Revision)
	if len(emails) == 0 {
		return showUser(u, "", false), nil
	}
	return showUser(u, emails[0].Address, emails[0].Verified()), nil
}

func (s *surface) byID(ctx context.Context, c *Call, id user.ID) (User, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, id.String())
	if err != nil {
		return User{}, err
	}
	return s.seen(ctx, c, u)
}

// CreateUserRequest is a user to be made.
type CreateUserRequest struct {
	Email         string      `json:"email"`
	Name          string      `json:"name,omitempty"`
	Locale        string      `json:"locale,omitempty" doc:"BCP 47 tag."`
	Password      secret.Text `json:"password,omitempty"`
	EmailVerified bool        `json:"email_verified,omitempty" doc:"You know that the address is theirs."`
	Roles         []string    `json:"roles,omitempty"`
}

func (s *surface) createUser(ctx context.Context, c *Call, in CreateUserRequest) (User, error) {
	u, err := s.Directory.CreateUser(ctx, c.Caller, directory.NewUser{
		Name: in.Name, Locale: in.Locale, Email: in.Email, EmailVerified: in.EmailVerified, Password: in.Password, Roles: in.Roles,
	})
	if err != nil {
		return User{}, err
	}
	c.head.Set("Location", s.link(Prefix+"/users/"+u.ID.String()))
	return s.byID(ctx, c, u.ID)
}

func (s *surface) getUser(ctx context.Context, c *Call, in UserRef) (User, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return User{}, err
	}
	return s.seen(ctx, c, u)
}

// UpdateUserRequest changes a user.
type UpdateUserRequest struct {
	User     string  `path:"user" doc:"usr_… or an e-mail address."`
	Match    string  `header:"If-Match" doc:"ETag of the version that was read."`
	Name     *string `json:"name,omitempty"`
	Locale   *string `json:"locale,omitempty" doc:"BCP 47 tag; empty: as the browser asks."`
	TimeZone *string `json:"time_zone,omitempty" doc:"IANA name; empty: UTC."`
}

func (s *surface) updateUser(ctx context.Context, c *Call, in UpdateUserRequest) (User, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return User{}, err
	}
	p, at, err := ProfileRequest{in.Match, in.Name, in.Locale, in.TimeZone}.over(u)
	if err != nil {
		return User{}, err
	}
	if u, err = s.Directory.UpdateUser(ctx, c.Caller, u.ID, p, at); err != nil {
		return User{}, err
	}
	return s.seen(ctx, c, u)
}

func (s *surface) deleteUser(ctx context.Context, c *Call, in UserRef) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.DeleteUser(ctx, c.Caller, u.ID)
}

// onUser makes a handler of an act on one account, which is shown afterwards.
func (s *surface) onUser(fn func(context.Context, *Call, user.User) error) func(context.Context, *Call, UserRef) (User, error) {
	return func(ctx context.Context, c *Call, in UserRef) (User, error) {
		u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
		if err != nil {
			return User{}, err
		}
		if err := fn(ctx, c, u); err != nil {
			return User{}, err
		}
		return s.byID(ctx, c, u.ID)
	}
}

// RecoveryLink sets a new password once.
type RecoveryLink struct {
	URL       string    `json:"url" format:"uri"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *surface) recoveryLink(ctx context.Context, c *Call, in UserRef) (RecoveryLink, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return RecoveryLink{}, err
	}
	link, expires, err := s.Rescue.Link(ctx, c.Caller, u.ID)
	if errors.Is(err, rescue.ErrNothingLost) {
		link, expires, err = s.Directory.RecoveryLink(ctx, c.Caller, u.ID)
	}
	return RecoveryLink{URL: link, ExpiresAt: expires.UTC()}, err
}

// RolesRequest replaces roles.
type RolesRequest struct {
	User  string   `path:"user" doc:"usr_… or an e-mail address."`
	Roles []string `json:"roles"`
}

func (s *surface) setRoles(ctx context.Context, c *Call, in RolesRequest) (User, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return User{}, err
	}
	if err := s.Directory.SetRoles(ctx, c.Caller, u.ID, in.Roles); err != nil {
		return User{}, err
	}
	return s.byID(ctx, c, u.ID)
}
