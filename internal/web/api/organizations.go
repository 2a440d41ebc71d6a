package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) organizationTable() []endpoint {
	const tag = "Organisations"
	which := []*problem.Error{organization.ErrUnknown}
	wrong := []*problem.Error{organization.ErrBadSlug, organization.ErrSlugTaken, organization.ErrBadDomain, organization.ErrPublicDomain}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/organizations", Access: web.Admin, Tag: tag, Name: "organizations.list", Summary: "List organisations", Text: "In order of id."}, s.organizations),
		route(s, endpoint{
			Method: "POST", Path: "/organizations", Access: web.Admin, Tag: tag, Name: "organizations.create", Status: http.StatusCreated, Summary: "Create an organisation",
			Example: `{"slug": "acme", "name": "Acme", "domains": ["acme.test"]}`, Errors: wrong,
		}, s.createOrganization),
		route(s, endpoint{Method: "GET", Path: "/organizations/{organization}", Access: web.Admin, Tag: tag, Name: "organizations.get", Summary: "Read an organisation", Errors: which}, s.getOrganization),
		route(s, endpoint{
			Method: "PATCH", Path: "/organizations/{organization}", Access: web.Admin, Tag: tag, Name: "organizations.update", Summary: "Change an organisation", Text: "What is left out stays.",
			Example: `{"name": "Acme Ltd"}`, Errors: append(wrong, which...),
		}, s.updateOrganization),
		route(s, endpoint{Method: "DELETE", Path: "/organizations/{organization}", Access: web.Admin, Tag: tag, Name: "organizations.delete", Summary: "Delete an organisation and its memberships", Errors: which}, s.deleteOrganization),
	}
}

func (s *surface) memberTable() []endpoint {
	const tag = "Organisations"
	which := []*problem.Error{organization.ErrUnknown, user.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/organizations/{organization}/members", Access: web.Admin, Tag: tag, Name: "organizations.members.list", Summary: "List who belongs to an organisation", Errors: which[:1]}, s.members),
		route(s, endpoint{
			Method: "PUT", Path: "/organizations/{organization}/members/{user}", Access: web.Admin, Tag: tag, Name: "organizations.members.put",
			Summary: "Add a member or replace their roles", Example: `{"roles": ["owner"]}`, Errors: append([]*problem.Error{rbac.ErrUnknown}, which...),
		}, s.putMember),
		route(s, endpoint{
			Method: "DELETE", Path: "/organizations/{organization}/members/{user}", Access: web.Admin, Tag: tag, Name: "organizations.members.remove",
			Summary: "Take a member out", Errors: append([]*problem.Error{organization.ErrNotMember}, which...),
		}, s.removeMember),
	}
}

// OrganizationRef names an organisation.
type OrganizationRef struct {
	Organization string `path:"organization" doc:"Its slug or org_…"`
}

func (s *surface) organizations(ctx context.Context, c *Call, in PageRequest) (List[Organization], error) {
	var after organization.ID
	if in.After != "" {
		var err error
		if after, err = organization.ParseID(in.After); err != nil {
			return List[Organization]{}, err
		}
	}
	rows, err := s.Directory.Organizations(ctx, c.Caller, after, size(in.Limit)+1)
	if err != nil {
		return List[Organization]{}, err
	}
	return paged(s, c, rows, size(in.Limit), func(o organization.Organization) string { return o.ID.String() }, showOrganization), nil
}

// CreateOrganizationRequest is an organisation to be made.
type CreateOrganizationRequest struct {
	Slug    string   `json:"slug"`
	Name    string   `json:"name,omitempty"`
	Domains []string `json:"domains,omitempty"`
}

func (s *surface) createOrganization(ctx context.Context, c *Call, in CreateOrganizationRequest) (Organization, error) {
	o, err := s.Directory.CreateOrganization(ctx, c.Caller, organization.Organization{Slug: in.Slug, Name: in.Name, Domains: in.Domains})
	if err != nil {
		return Organization{}, err
	}
	c.head.Set("Location", s.link(Prefix+"/organizations/"+o.ID.String()))
	return showOrganization(o), nil
}

func (s *surface) getOrganization(ctx context.Context, c *Call, in OrganizationRef) (Organization, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	return showOrganization(o), err
}

// UpdateOrganizationRequest changes an organisation.
type UpdateOrganizationRequest struct {
	Organization string    `path:"organization" doc:"Its slug or org_…"`
	Slug         *string   `json:"slug,omitempty"`
	Name         *string   `json:"name,omitempty"`
	Domains      *[]string `json:"domains,omitempty" doc:"All it shall have."`
}

func (s *surface) updateOrganization(ctx context.Context, c *Call, in UpdateOrganizationRequest) (Organization, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return Organization{}, err
	}
	o.Slug, o.Name = replaced(o.Slug, in.Slug), replaced(o.Name, in.Name)
	if in.Domains != nil {
		o.Domains = *in.Domains
	}
	o, err = s.Directory.UpdateOrganization(ctx, c.Caller, o)
	return showOrganization(o), err
}

func (s *surface) deleteOrganization(ctx context.Context, c *Call, in OrganizationRef) (none, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.DeleteOrganization(ctx, c.Caller, o.ID)
}

// Member is one account in an organisation.
type Member struct {
	UserID   user.ID   `json:"user_id"`
	Email    string    `json:"email" doc:"The primary address."`
	Roles    []string  `json:"roles" doc:"Inside the organisation."`
	JoinedAt time.Time `json:"joined_at"`
}

func (s *surface) showMember(ctx context.Context, c *Call, m organization.Membership) (Member, error) {
	emails, err := s.Directory.Emails(ctx, c.Caller, m.User)
	out := Member{UserID: m.User, Roles: listed(m.Roles), JoinedAt: m.JoinedAt.UTC()}
	if len(emails) > 0 {
		out.Email = emails[0].Address
	}
	return out, err
}

// MembersRequest selects a page of members.
type MembersRequest struct {
	Organization string `path:"organization" doc:"Its slug or org_…"`
	Limit        int    `query:"limit" doc:"Rows at most, up to 100; 50 unless said otherwise."`
	After        string `query:"after" doc:"next of the page before."`
}

func (s *surface) members(ctx context.Context, c *Call, in MembersRequest) (List[Member], error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return List[Member]{}, err
	}
	var after user.ID
	if in.After != "" {
		if after, err = user.ParseID(in.After); err != nil {
			return List[Member]{}, err
		}
	}
	rows, err := s.Directory.Members(ctx, c.Caller, o.ID, after, size(in.Limit)+1)
	if err != nil {
		return List[Member]{}, err
	}
	var failed error
	out := paged(s, c, rows, size(in.Limit), func(m organization.Membership) string { return m.User.String() },
		func(m organization.Membership) Member {
			shown, err := s.showMember(ctx, c, m)
			if failed == nil {
				failed = err
			}
			return shown
		})
	return out, failed
}

// MemberRef names a member.
type MemberRef struct {
	Organization string `path:"organization" doc:"Its slug or org_…"`
	User         string `path:"user" doc:"usr_… or an e-mail address."`
}

// MemberRequest is what a member may do.
type MemberRequest struct {
	Organization string   `path:"organization" doc:"Its slug or org_…"`
	User         string   `path:"user" doc:"usr_… or an e-mail address."`
	Roles        []string `json:"roles" doc:"All they shall have in the organisation."`
}

func (s *surface) member(ctx context.Context, c *Call, in MemberRef) (organization.Organization, user.User, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return o, user.User{}, err
	}
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	return o, u, err
}

func (s *surface) putMember(ctx context.Context, c *Call, in MemberRequest) (Member, error) {
	o, u, err := s.member(ctx, c, MemberRef{in.Organization, in.User})
	if err != nil {
		return Member{}, err
	}
	m := organization.Membership{Organization: o.ID, User: u.ID, Roles: in.Roles, JoinedAt: s.Now()}
	if err := s.Directory.SetMember(ctx, c.Caller, m); err != nil {
		return Member{}, err
	}
	return s.showMember(ctx, c, m)
}

func (s *surface) removeMember(ctx context.Context, c *Call, in MemberRef) (none, error) {
	o, u, err := s.member(ctx, c, in)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.RemoveMember(ctx, c.Caller, o.ID, u.ID)
}
