package api

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) roleTable() []endpoint {
	const tag = "Roles"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/roles", Access: web.Admin, Tag: tag, Name: "roles.list", Summary: "List roles", Text: "In order of name."}, s.roles),
		route(s, endpoint{Method: "GET", Path: "/roles/{role}", Access: web.Admin, Tag: tag, Name: "roles.get", Summary: "Read a role", Errors: []*problem.Error{rbac.ErrUnknown}}, s.role),
		route(s, endpoint{
			Method: "PUT", Path: "/roles/{role}", Access: web.Admin, Tag: tag, Name: "roles.put", Summary: "Create a role or replace its permissions",
			Example: `{"permissions": ["posts:read", "posts:write"]}`, Errors: []*problem.Error{rbac.ErrBadRole, rbac.ErrBadPermission, rbac.ErrBadAssurance, rbac.ErrBuiltIn},
		}, s.putRole),
		route(s, endpoint{
			Method: "DELETE", Path: "/roles/{role}", Access: web.Admin, Tag: tag, Name: "roles.delete", Summary: "Delete a role nobody holds",
			Errors: []*problem.Error{rbac.ErrUnknown, rbac.ErrInUse, rbac.ErrBuiltIn},
		}, s.deleteRole),
	}
}

// RoleRef names a role.
type RoleRef struct {
	Role string `path:"role"`
}

func (s *surface) roles(ctx context.Context, c *Call, in PageRequest) (List[Role], error) {
	all, err := s.Directory.Roles(ctx, c.Caller)
	if err != nil {
		return List[Role]{}, err
	}
	name := func(r rbac.Role) string { return r.Name }
	return paged(s, c, rest(all, in.After, name), size(in.Limit), name, showRole), nil
}

func (s *surface) role(ctx context.Context, c *Call, in RoleRef) (Role, error) {
	r, err := s.Directory.Role(ctx, c.Caller, in.Role)
	return showRole(r), err
}

// RoleRequest is what a role permits.
type RoleRequest struct {
	Role        string   `path:"role"`
	Permissions []string `json:"permissions" doc:"All it shall have, such as posts:write."`
	Assurance   *int     `json:"assurance,omitempty" doc:"What its holders have to sign in with: 1 or 2; 0: it asks for nothing. Left out, it stays."`
}

// putRole leaves a role that a file declares with its file.
func (s *surface) putRole(ctx context.Context, c *Call, in RoleRequest) (Role, error) {
	old, err := s.Directory.Role(ctx, c.Caller, in.Role)
	if err != nil && !errors.Is(err, rbac.ErrUnknown) {
		return Role{}, err
	}
	next := rbac.Role{Name: in.Role, Permissions: in.Permissions, Assurance: old.Assurance, ManagedBy: old.ManagedBy}
	replace(&next.Assurance, in.Assurance)
	if _, err := s.Directory.PutRole(ctx, c.Caller, next); err != nil {
		return Role{}, err
	}
	r, err := s.Directory.Role(ctx, c.Caller, in.Role)
	return showRole(r), err
}

func (s *surface) deleteRole(ctx context.Context, c *Call, in RoleRef) (none, error) {
	return none{}, s.Directory.DeleteRole(ctx, c.Caller, in.Role)
}
