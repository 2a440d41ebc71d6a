package apply

import (
	"encoding/json"
	"slices"
)

// KindSite is a host behind the gateway.
const KindSite Kind = "site"

// Site is a wanted protected host, and how the API shows one.
type Site struct {
	Host     string        `json:"host"`
	Name     string        `json:"name,omitempty"`
	Identity *SiteIdentity `json:"identity,omitempty"` // nil: no signed identity is sent
	Rules    []SiteRule    `json:"rules"`
}

// SiteIdentity is what is signed for the upstream.
type SiteIdentity struct {
	Audience string `json:"audience"`
	Personal bool   `json:"personal,omitempty"` // name and address too
}

// SiteRule is one rule, in order. The lists and texts are those of site.Rule.
type SiteRule struct {
	Paths             []string `json:"paths,omitempty"`
	Methods           []string `json:"methods,omitempty"`
	Networks          []string `json:"networks,omitempty"` // CIDR
	Action            string   `json:"action"`
	Roles             []string `json:"roles,omitempty"`
	Permissions       []string `json:"permissions,omitempty"`
	Scopes            []string `json:"scopes,omitempty"`
	Organization      string   `json:"organization,omitempty"`
	OrganizationRoles []string `json:"organization_roles,omitempty"`
	Assurance         int      `json:"assurance,omitempty"`
	FreshWithin       string   `json:"fresh_within,omitempty"` // 15m
}

// SiteState is a site as it is.
type SiteState struct {
	Site
	Managed bool
}

func (p *planner) site(i int, s Site) {
	if p.err != nil {
		return
	}
	var now SiteState
	var ok bool
	if now, ok, p.err = p.current.Site(p.ctx, s.Host); p.err != nil {
		return
	}
	c := Change{Kind: KindSite, Key: s.Host, Index: i}
	c.text("name", now.Name, s.Name)
	if !same(now.Identity, s.Identity) {
		c.Fields = append(c.Fields, Field{"identity", now.Identity, s.Identity})
	}
	if s.Rules != nil && !same(append([]SiteRule{}, now.Rules...), s.Rules) {
		c.Fields = append(c.Fields, Field{"rules", append([]SiteRule{}, now.Rules...), s.Rules})
	}
	p.add(c, ok, now.Managed)
}

// same compares what two values are written as.
func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && slices.Equal(x, y)
}
