package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) siteTable() []endpoint {
	const tag = "Sites"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/sites", Access: web.Admin, Tag: tag, Name: "sites.list", Summary: "List protected hosts", Text: "In order of host."}, s.sites),
		route(s, endpoint{Method: "GET", Path: "/sites/{host}", Access: web.Admin, Tag: tag, Name: "sites.get", Summary: "Read a protected host", Errors: []*problem.Error{site.ErrUnknown}}, s.site),
		route(s, endpoint{
			Method: "PUT", Path: "/sites/{host}", Access: web.Admin, Tag: tag, Name: "sites.put", Summary: "Protect a host, or replace its rules",
			Text:    "The first rule that fits path, method and network decides; when none fits, the answer is no.",
			Example: `{"rules": [{"paths": ["/public/*"], "action": "allow"}, {"action": "require", "roles": ["editor"]}]}`,
			Errors:  []*problem.Error{site.ErrBadHost, site.ErrBadRule, site.ErrBadAudience},
		}, s.putSite),
		route(s, endpoint{
			Method: "DELETE", Path: "/sites/{host}", Access: web.Admin, Tag: tag, Name: "sites.delete", Summary: "Stop letting anybody pass to a host",
			Errors: []*problem.Error{site.ErrUnknown},
		}, s.deleteSite),
	}
}

// Site is a protected host.
type Site struct {
	apply.Site
	ManagedBy string    `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// SiteRef names a protected host.
type SiteRef struct {
	Host string `path:"host"`
}

// SiteRequest is what a protected host shall be.
type SiteRequest struct {
	Host     string              `path:"host"`
	Name     string              `json:"name,omitempty"`
	Identity *apply.SiteIdentity `json:"identity,omitempty" doc:"What is signed for the upstream; nothing when absent."`
	Rules    []apply.SiteRule    `json:"rules" doc:"All its rules, in order."`
}

func showSite(v site.Site) Site {
	return Site{Site: directory.ShowSite(v), ManagedBy: v.ManagedBy, CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC()}
}

func (s *surface) sites(ctx context.Context, c *Call, in PageRequest) (List[Site], error) {
	all, err := s.Directory.Sites(ctx, c.Caller)
	if err != nil {
		return List[Site]{}, err
	}
	host := func(v site.Site) string { return v.Host }
	return paged(s, c, rest(all, in.After, host), size(in.Limit), host, showSite), nil
}

func (s *surface) site(ctx context.Context, c *Call, in SiteRef) (Site, error) {
	v, err := s.Directory.Site(ctx, c.Caller, in.Host)
	return showSite(v), err
}

func (s *surface) putSite(ctx context.Context, c *Call, in SiteRequest) (Site, error) {
	v, err := s.Directory.PutSite(ctx, c.Caller, apply.Site{Host: in.Host, Name: in.Name, Identity: in.Identity, Rules: in.Rules})
	return showSite(v), err
}

func (s *surface) deleteSite(ctx context.Context, c *Call, in SiteRef) (none, error) {
	return none{}, s.Directory.DeleteSite(ctx, c.Caller, in.Host)
}
