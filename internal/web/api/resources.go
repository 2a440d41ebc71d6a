package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) resourceTable() []endpoint {
	const tag = "Resources"
	which := []*problem.Error{resource.ErrUnknown}
	wrong := []*problem.Error{resource.ErrFormat, resource.ErrLifetime, resource.ErrTooMany, resource.ErrBadScope, resource.ErrScopeUnknown, resource.ErrDetailType}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/resources", Access: web.Admin, Tag: tag, Name: "resources.list", Summary: "List resources", Text: "In order of identifier."}, s.resources),
		route(s, endpoint{
			Method: "POST", Path: "/resources", Access: web.Admin, Tag: tag, Name: "resources.create", Status: http.StatusCreated, Summary: "Create a resource",
			Example: `{"identifier": "https://api.example.org", "name": "Posts API", "scopes": ["posts:read"]}`,
			Errors:  append([]*problem.Error{resource.ErrTaken, resource.ErrIdentifier}, wrong...),
		}, s.createResource),
		route(s, endpoint{Method: "GET", Path: "/resources/{resource}", Access: web.Admin, Tag: tag, Name: "resources.get", Summary: "Read a resource", Errors: which}, s.getResource),
		route(s, endpoint{
			Method: "PATCH", Path: "/resources/{resource}", Access: web.Admin, Tag: tag, Name: "resources.update", Summary: "Change a resource", Text: "What is left out stays.",
			Example: `{"access_token_lifetime": 300}`, Errors: append(append([]*problem.Error{resource.ErrStale}, which...), wrong...),
		}, s.updateResource),
		route(s, endpoint{
			Method: "DELETE", Path: "/resources/{resource}", Access: web.Admin, Tag: tag, Name: "resources.delete", Summary: "Delete a resource no client may ask for",
			Errors: append([]*problem.Error{resource.ErrInUse}, which...),
		}, s.deleteResource),
	}
}

func (s *surface) scopeTable() []endpoint {
	const tag = "Resources"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/scopes", Access: web.Admin, Tag: tag, Name: "scopes.list", Summary: "List scopes", Text: "In order of name, those of OpenID Connect too."}, s.scopes),
		route(s, endpoint{
			Method: "PUT", Path: "/scopes/{scope}", Access: web.Admin, Tag: tag, Name: "scopes.put", Summary: "Create a scope or change its description",
			Example: `{"description": "Read your posts"}`, Errors: []*problem.Error{resource.ErrBadScope, resource.ErrScopeBuiltIn},
		}, s.putScope),
		route(s, endpoint{
			Method: "DELETE", Path: "/scopes/{scope}", Access: web.Admin, Tag: tag, Name: "scopes.delete", Summary: "Delete a scope that nothing has",
			Errors: []*problem.Error{resource.ErrScopeUnknown, resource.ErrScopeInUse, resource.ErrScopeBuiltIn},
		}, s.deleteScope),
	}
}

// Resource is an API that takes our access tokens.
type Resource struct {
	Identifier    string       `json:"identifier" format:"uri" doc:"The aud of its tokens."`
	Name          string       `json:"name"`
	Scopes        []string     `json:"scopes"`
	TokenFormat   string       `json:"access_token_format" enum:"jwt,opaque"`
	TokenLifetime int64        `json:"access_token_lifetime" doc:"Seconds."`
	Algorithm     string       `json:"access_token_signing_alg" doc:"Of its JWTs."`
	Verifiers     []string     `json:"verifiers" doc:"client_ids that may introspect its tokens and follow its revocations."`
	DetailTypes   []DetailType `json:"authorization_details_types" doc:"That it understands (RFC 9396)."`
	ManagedBy     string       `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	CreatedAt     time.Time    `json:"created_at"`
	UpdatedAt     time.Time    `json:"updated_at"`
}

func showResource(r resource.Resource) Resource {
	return Resource{
		Identifier: r.Identifier, Name: r.Name, Scopes: listed(r.Scopes), TokenFormat: string(r.TokenFormat), TokenLifetime: int64(r.TokenLifetime / time.Second),
		Algorithm: r.Algorithm, Verifiers: listed(r.Verifiers), DetailTypes: showDetailTypes(r.DetailTypes),
		ManagedBy: r.ManagedBy, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

// ResourceRequest is what can be said about a resource. What is left out stays.
type ResourceRequest struct {
	Name          *string       `json:"name,omitempty"`
	Scopes        *[]string     `json:"scopes,omitempty" doc:"All that count there."`
	TokenFormat   *string       `json:"access_token_format,omitempty" enum:"jwt,opaque"`
	TokenLifetime *int64        `json:"access_token_lifetime,omitempty" doc:"Seconds, 300 to 900."`
	Algorithm     *string       `json:"access_token_signing_alg,omitempty" enum:"EdDSA,ES256,PS256,RS256"`
	Verifiers     *[]string     `json:"verifiers,omitempty" doc:"client_ids that may introspect its tokens and follow its revocations."`
	DetailTypes   *[]DetailType `json:"authorization_details_types,omitempty" doc:"All that it understands (RFC 9396)."`
}

func (in ResourceRequest) over(r resource.Resource) resource.Resource {
	replace(&r.Name, in.Name)
	replace(&r.Scopes, in.Scopes)
	replace(&r.TokenFormat, (*resource.Format)(in.TokenFormat))
	replace(&r.Algorithm, in.Algorithm)
	replace(&r.Verifiers, in.Verifiers)
	lasting(&r.TokenLifetime, in.TokenLifetime)
	if in.DetailTypes != nil {
		r.DetailTypes = detailTypes(*in.DetailTypes)
	}
	return r
}

// ResourceRef names a resource.
type ResourceRef struct {
	Resource string `path:"resource" doc:"Its identifier, percent-encoded."`
}

func (s *surface) resources(ctx context.Context, c *Call, in PageRequest) (List[Resource], error) {
	rows, err := s.Directory.Resources(ctx, c.Caller, in.After, size(in.Limit)+1)
	if err != nil {
		return List[Resource]{}, err
	}
	return paged(s, c, rows, size(in.Limit), func(r resource.Resource) string { return r.Identifier }, showResource), nil
}

// CreateResourceRequest is a resource to be made.
type CreateResourceRequest struct {
	Identifier string `json:"identifier" doc:"An absolute URI."`
	ResourceRequest
}

func (s *surface) createResource(ctx context.Context, c *Call, in CreateResourceRequest) (Resource, error) {
	r, err := s.Directory.CreateResource(ctx, c.Caller, in.over(resource.Resource{Identifier: in.Identifier}))
	if err != nil {
		return Resource{}, err
	}
	c.head.Set("Location", s.link(Prefix+"/resources/"+url.PathEscape(r.Identifier)))
	return showResource(r), nil
}

func (s *surface) getResource(ctx context.Context, c *Call, in ResourceRef) (Resource, error) {
	r, err := s.Directory.Resource(ctx, c.Caller, in.Resource)
	return showResource(r), err
}

// UpdateResourceRequest changes a resource.
type UpdateResourceRequest struct {
	Resource string `path:"resource" doc:"Its identifier, percent-encoded."`
	ResourceRequest
}

func (s *surface) updateResource(ctx context.Context, c *Call, in UpdateResourceRequest) (Resource, error) {
	r, err := s.Directory.Resource(ctx, c.Caller, in.Resource)
	if err != nil {
		return Resource{}, err
	}
	r, err = s.Directory.UpdateResource(ctx, c.Caller, in.over(r))
	return showResource(r), err
}

func (s *surface) deleteResource(ctx context.Context, c *Call, in ResourceRef) (none, error) {
	return none{}, s.Directory.DeleteResource(ctx, c.Caller, in.Resource)
}

// Scope is something that a token lets its bearer do.
type Scope struct {
	Name        string    `json:"name"`
	Description string    `json:"description" doc:"For the consent page."`
	BuiltIn     bool      `json:"built_in" doc:"Of OpenID Connect: it can be given, not changed."`
	ManagedBy   string    `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

func showScope(v resource.Scope) Scope {
	return Scope{
		Name: v.Name, Description: v.Description, BuiltIn: v.BuiltIn, ManagedBy: v.ManagedBy, CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

// ScopeRef names a scope.
type ScopeRef struct {
	Scope string `path:"scope"`
}

func (s *surface) scopes(ctx context.Context, c *Call, in PageRequest) (List[Scope], error) {
	all, err := s.Directory.Scopes(ctx, c.Caller)
	if err != nil {
		return List[Scope]{}, err
	}
	name := func(v resource.Scope) string { return v.Name }
	return paged(s, c, rest(all, in.After, name), size(in.Limit), name, showScope), nil
}

// ScopeRequest is what a scope means.
type ScopeRequest struct {
	Scope       string `path:"scope"`
	Description string `json:"description" doc:"What it lets a client do, for the consent page."`
}

func (s *surface) putScope(ctx context.Context, c *Call, in ScopeRequest) (Scope, error) {
	v, err := s.Directory.PutScope(ctx, c.Caller, resource.Scope{Name: in.Scope, Description: in.Description})
	return showScope(v), err
}

func (s *surface) deleteScope(ctx context.Context, c *Call, in ScopeRef) (none, error) {
	return none{}, s.Directory.DeleteScope(ctx, c.Caller, in.Scope)
}
