package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) domainTable() []endpoint {
	const tag = "Organisations"
	which := []*problem.Error{organization.ErrUnknown}
	one := append([]*problem.Error{organization.ErrDomainUnknown}, which...)
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/organizations/{organization}/domains", Access: web.Admin, Tag: tag, Name: "organizations.domains.list", Summary: "List an organisation's domains", Text: "In the order in which they were claimed.", Errors: which}, s.domains),
		route(s, endpoint{
			Method: "POST", Path: "/organizations/{organization}/domains", Access: web.Admin, Tag: tag, Name: "organizations.domains.add", Status: http.StatusCreated, Summary: "Claim a domain",
			Text: "The answer says which TXT record its DNS has to have. Until that is verified the claim is worth nothing.", Example: `{"domain": "acme.example"}`,
			Errors: append([]*problem.Error{organization.ErrBadDomain, organization.ErrPublicDomain}, which...),
		}, s.addDomain),
		route(s, endpoint{
			Method: "POST", Path: "/organizations/{organization}/domains/{domain}/verify", Access: web.Admin, Tag: tag, Name: "organizations.domains.verify", Summary: "Verify a domain",
			Text:   "Looks for the TXT record. One organisation at most has a domain. It is looked at every day from then on, and lapses when the record is gone for a week. Accounts with an address in it stay as they are.",
			Errors: append([]*problem.Error{organization.ErrDomainRecord, organization.ErrDomainDNS, organization.ErrDomainTaken, organization.ErrPublicDomain}, one...),
		}, s.verifyDomain),
		route(s, endpoint{
			Method: "DELETE", Path: "/organizations/{organization}/domains/{domain}", Access: web.Admin, Tag: tag, Name: "organizations.domains.remove", Summary: "Take a domain from an organisation", Errors: one,
		}, s.removeDomain),
		route(s, endpoint{Method: "GET", Path: "/organizations/{organization}/sso", Access: web.Admin, Tag: tag, Name: "organizations.sso.get", Summary: "Whether an organisation requires its own sign-in", Errors: which}, s.getSSO),
		route(s, endpoint{
			Method: "PUT", Path: "/organizations/{organization}/sso", Access: web.Admin, Tag: tag, Name: "organizations.sso.require", Summary: "Require the organisation's own sign-in",
			Text:    "Members with an address in a verified domain sign in with the organisation's connection only, and their sessions that began otherwise end. The owners named in break_glass are not bound, and administrators of the instance never are.",
			Example: `{"break_glass": ["ada@acme.example"]}`,
			Errors:  append([]*problem.Error{organization.ErrNoHome, organization.ErrBreakGlass, user.ErrUnknown}, which...),
		}, s.requireSSO),
		route(s, endpoint{
			Method: "DELETE", Path: "/organizations/{organization}/sso", Access: web.Admin, Tag: tag, Name: "organizations.sso.relax", Summary: "Require it no more",
			Errors: append([]*problem.Error{organization.ErrNotRequired}, which...),
		}, s.relaxSSO),
	}
}

// Domain is a domain of an organisation.
type Domain struct {
	Domain       string     `json:"domain"`
	Status       string     `json:"status" enum:"claimed,verified,lapsed"`
	Record       string     `json:"record" doc:"Name of the TXT record that verifies it."`
	Value        string     `json:"value" doc:"What that record says."`
	VerifiedAt   *time.Time `json:"verified_at,omitempty"`
	CheckedAt    *time.Time `json:"checked_at,omitempty" doc:"When its DNS was last looked at."`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"Since when the record has not been found."`
}

func showDomain(d directory.Domain) Domain {
	return Domain{
		Domain: d.Name, Status: string(d.Status), Record: d.Record, Value: d.Value,
		VerifiedAt: moment(d.VerifiedAt), CheckedAt: moment(d.CheckedAt), FailingSince: moment(d.FailingSince),
	}
}

func (s *surface) domains(ctx context.Context, c *Call, in OrganizationRef) (List[Domain], error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return List[Domain]{}, err
	}
	all, err := s.Directory.Domains(ctx, c.Caller, o.ID)
	out := List[Domain]{Data: make([]Domain, 0, len(all))}
	for _, d := range all {
		out.Data = append(out.Data, showDomain(d))
	}
	return out, err
}

// AddDomainRequest claims a domain.
type AddDomainRequest struct {
	Organization string `path:"organization" doc:"Its slug or org_…"`
	Domain       string `json:"domain" doc:"A name such as example.org."`
}

func (s *surface) addDomain(ctx context.Context, c *Call, in AddDomainRequest) (Domain, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return Domain{}, err
	}
	d, err := s.Directory.AddDomain(ctx, c.Caller, o.ID, strings.ToLower(in.Domain))
	return showDomain(d), err
}

// DomainRef names a domain of an organisation.
type DomainRef struct {
	Organization string `path:"organization" doc:"Its slug or org_…"`
	Domain       string `path:"domain" doc:"A name such as example.org."`
}

func (s *surface) verifyDomain(ctx context.Context, c *Call, in DomainRef) (Domain, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return Domain{}, err
	}
	d, err := s.Directory.VerifyDomain(ctx, c.Caller, o.ID, strings.ToLower(in.Domain))
	return showDomain(d), err
}

func (s *surface) removeDomain(ctx context.Context, c *Call, in DomainRef) (none, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.RemoveDomain(ctx, c.Caller, o.ID, strings.ToLower(in.Domain))
}

// SSO is whether an organisation requires its own sign-in, and of whom it does not.
type SSO struct {
	Required   bool       `json:"required"`
	BreakGlass []user.ID  `json:"break_glass" doc:"Owners who may sign in by themselves."`
	Since      *time.Time `json:"since,omitempty"`
}

func showSSO(r organization.Requirement) SSO {
	out := SSO{Required: true, BreakGlass: r.BreakGlass, Since: moment(r.Since)}
	if out.BreakGlass == nil {
		out.BreakGlass = []user.ID{}
	}
	return out
}

func (s *surface) getSSO(ctx context.Context, c *Call, in OrganizationRef) (SSO, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return SSO{}, err
	}
	r, err := s.Directory.SSO(ctx, c.Caller, o.ID)
	if errors.Is(err, organization.ErrNotRequired) {
		return SSO{BreakGlass: []user.ID{}}, nil
	}
	return showSSO(r), err
}

// SSORequest requires the organisation's own sign-in.
type SSORequest struct {
	Organization string   `path:"organization" doc:"Its slug or org_…"`
	BreakGlass   []string `json:"break_glass" doc:"Members with the role owner, by usr_… or an e-mail address: 1 to 10."`
}

func (s *surface) requireSSO(ctx context.Context, c *Call, in SSORequest) (SSO, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return SSO{}, err
	}
	if len(in.BreakGlass) > organization.MaxBreakGlass {
		return SSO{}, organization.ErrBreakGlass
	}
	var ids []user.ID
	for _, ref := range in.BreakGlass {
		u, err := s.Directory.Resolve(ctx, c.Caller, ref)
		if err != nil {
			return SSO{}, err
		}
		ids = append(ids, u.ID)
	}
	r, err := s.Directory.RequireSSO(ctx, c.Caller, o.ID, ids)
	return showSSO(r), err
}

func (s *surface) relaxSSO(ctx context.Context, c *Call, in OrganizationRef) (none, error) {
	o, err := s.Directory.Organization(ctx, c.Caller, in.Organization)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.RelaxSSO(ctx, c.Caller, o.ID)
}
