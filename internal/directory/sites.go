package directory

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/user"
)

// Sites returns every protected host in order.
func (f *Flow) Sites(ctx context.Context, by user.Caller) ([]site.Site, error) {
	if err := f.allow(ctx, by, "sites.list"); err != nil {
		return nil, err
	}
	return f.o.Read.Sites().All(ctx)
}

// Site returns one protected host.
func (f *Flow) Site(ctx context.Context, by user.Caller, host string) (site.Site, error) {
	if err := f.allow(ctx, by, "sites.get"); err != nil {
		return site.Site{}, err
	}
	return f.o.Read.Sites().ByHost(ctx, host)
}

// PutSite creates or replaces a protected host.
func (f *Flow) PutSite(ctx context.Context, by user.Caller, w apply.Site) (site.Site, error) {
	if err := f.allow(ctx, by, "sites.put"); err != nil {
		return site.Site{}, err
	}
	return f.putSite(ctx, by, w, "")
}

// DeleteSite removes a protected host: from then on nobody passes to it.
func (f *Flow) DeleteSite(ctx context.Context, by user.Caller, host string) error {
	if err := f.allow(ctx, by, "sites.delete"); err != nil {
		return err
	}
	now := f.now()
	return f.o.Read.Sites().Delete(ctx, host, now, by.Event(site.Deleted, now, user.ID{}).With("host", host))
}

func (f *Flow) applySite(ctx context.Context, by user.Caller, w apply.Site) error {
	_, err := f.putSite(ctx, by, w, byFile)
	return err
}

// putSite leaves a site that a file declares with its file.
func (f *Flow) putSite(ctx context.Context, by user.Caller, w apply.Site, managedBy string) (s site.Site, err error) {
	if s, err = siteOf(w); err != nil {
		return s, err
	}
	if s, err = s.Clean(); err != nil {
		return s, err
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		now := f.now()
		s.ManagedBy, s.CreatedAt, s.UpdatedAt, s.Revision = managedBy, now, now, 1
		name := site.Created
		old, err := tx.Sites().ByHost(ctx, s.Host)
		switch {
		case err == nil:
			name, s.CreatedAt, s.Revision = site.Changed, old.CreatedAt, old.Revision+1
			if managedBy == "" {
				s.ManagedBy = old.ManagedBy
			}
			if s.Name == "" {
				s.Name = old.Name
			}
			if w.Rules == nil {
				s.Rules = old.Rules
			}
		case !errors.Is(err, site.ErrUnknown):
			return err
		}
		return tx.Sites().Put(ctx, s, by.Event(name, now, user.ID{}).With("host", s.Host))
	})
	return s, err
}

func siteOf(w apply.Site) (site.Site, error) {
	s := site.Site{Host: w.Host, Name: w.Name}
	if w.Identity != nil {
		if w.Identity.Audience == "" {
			return s, site.ErrBadAudience
		}
		s.Audience, s.Personal = w.Identity.Audience, w.Identity.Personal
	}
	for _, r := range w.Rules {
		rule, err := ruleOf(r)
		if err != nil {
			return s, err
		}
		s.Rules = append(s.Rules, rule)
	}
	return s, nil
}

func ruleOf(w apply.SiteRule) (r site.Rule, err error) {
	r = site.Rule{
		Paths: w.Paths, Methods: w.Methods, Action: site.Action(w.Action), Roles: w.Roles, Permissions: w.Permissions, Scopes: w.Scopes,
		Organization: w.Organization, OrgRoles: w.OrganizationRoles, Assurance: w.Assurance,
	}
	for _, text := range w.Networks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return r, site.ErrBadRule.Because(err)
		}
		r.Networks = append(r.Networks, n)
	}
	if w.FreshWithin != "" {
		if r.FreshWithin, err = time.ParseDuration(w.FreshWithin); err != nil || r.FreshWithin <= 0 {
			return r, site.ErrBadRule.Becausef("fresh_within %q", w.FreshWithin)
		}
	}
	return r, nil
}

// ShowSite is a site as files and the API write it.
func ShowSite(s site.Site) apply.Site {
	out := apply.Site{Host: s.Host, Name: s.Name, Rules: []apply.SiteRule{}}
	if s.Audience != "" {
		out.Identity = &apply.SiteIdentity{Audience: s.Audience, Personal: s.Personal}
	}
	for _, r := range s.Rules {
		w := apply.SiteRule{
			Paths: r.Paths, Methods: r.Methods, Action: string(r.Action), Roles: r.Roles, Permissions: r.Permissions, Scopes: r.Scopes,
			Organization: r.Organization, OrganizationRoles: r.OrgRoles, Assurance: r.Assurance,
		}
		for _, n := range r.Networks {
			w.Networks = append(w.Networks, n.String())
		}
		if r.FreshWithin > 0 {
			w.FreshWithin = r.FreshWithin.String()
		}
		out.Rules = append(out.Rules, w)
	}
	return out
}

// Site answers what is there now in the form that a wanted site is compared in:
// both go through the same cleaning, so that 15m and 15m0s are one.
func (c current) Site(ctx context.Context, host string) (apply.SiteState, bool, error) {
	s, err := c.tx.Sites().ByHost(ctx, host)
	if errors.Is(err, site.ErrUnknown) {
		return apply.SiteState{}, false, nil
	}
	return apply.SiteState{Site: ShowSite(s), Managed: s.ManagedBy == byFile}, err == nil, err
}

// plainSites brings wanted sites into the form they are kept in. One that cannot
// be brought there stays as it is: carrying it out says what is wrong.
func plainSites(want []apply.Site) []apply.Site {
	out := make([]apply.Site, 0, len(want))
	for _, w := range want {
		s, err := siteOf(w)
		if err == nil {
			s, err = s.Clean()
		}
		if err != nil {
			out = append(out, w)
			continue
		}
		clean := ShowSite(s)
		if w.Rules == nil {
			clean.Rules = nil
		}
		out = append(out, clean)
	}
	return out
}
