package manifest

import (
	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/apply"
)

func (d *decoder) site(n *yaml.Node) {
	s := apply.Site{Rules: []apply.SiteRule{}}
	d.object(n, keys{
		"host": d.text(&s.Host),
		"name": d.text(&s.Name),
		"identity": func(n *yaml.Node) {
			s.Identity = &apply.SiteIdentity{}
			d.object(n, keys{"audience": d.text(&s.Identity.Audience), "personal": d.flag(&s.Identity.Personal)})
			if s.Identity.Audience == "" {
				d.fault(n, "audience is missing")
			}
		},
		"rules": d.each(func(n *yaml.Node) { s.Rules = append(s.Rules, d.siteRule(n)) }),
	})
	if d.declare(n, "host", "site "+s.Host, s.Host) {
		d.file.Sites = append(d.file.Sites, s)
	}
}

func (d *decoder) siteRule(n *yaml.Node) (r apply.SiteRule) {
	d.object(n, keys{
		"paths": d.texts(&r.Paths), "methods": d.texts(&r.Methods), "networks": d.texts(&r.Networks), "action": d.text(&r.Action),
		"roles": d.texts(&r.Roles), "permissions": d.texts(&r.Permissions), "scopes": d.texts(&r.Scopes),
		"organization": d.text(&r.Organization), "organization_roles": d.texts(&r.OrganizationRoles),
		"assurance": d.number(&r.Assurance), "fresh_within": d.text(&r.FreshWithin),
	})
	if r.Action == "" {
		d.fault(n, "action is missing; it is allow, require or deny")
	}
	return r
}
