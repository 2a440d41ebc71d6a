package storetest

import (
	"net/netip"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/site"
)

var siteTests = []test{
	{"create, replace, list, delete", siteLife},
	{"deleting closes gates", siteGates},
}

func (c *testcase) site(host string) site.Site {
	c.Helper()
	s := site.Site{
		Host: host, Name: "Wiki", Audience: "https://wiki.internal", Personal: true, Revision: 1, CreatedAt: c.now, UpdatedAt: c.now,
		Rules: []site.Rule{
			{Paths: []string{"/public/*"}, Methods: []string{"GET"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Action: site.Allow},
			{Action: site.Require, Roles: []string{"editor"}, Organization: "acme", Assurance: 2, FreshWithin: time.Minute},
		},
	}
	c.ok(c.Sites().Put(c.ctx, s, c.system()))
	return s
}

var sitesChanged = revocation.Entry{Kind: revocation.Refresh, Value: site.Mark}

func siteLife(c *testcase) {
	b, a := c.site("b.example.test"), c.site("a.example.test:8443")
	b.Rules, b.ManagedBy, b.UpdatedAt = b.Rules[:1], "file", c.later(time.Minute)
	c.heard()
	c.ok(c.Sites().Put(c.ctx, b, c.system()))
	told := sitesChanged
	told.At = c.now
	c.same(c.heard(), []revocation.Entry{told})
	b.Revision = 2
	all, err := c.Sites().All(c.ctx)
	c.ok(err)
	c.same(len(all), 2)
	for i, want := range []site.Site{a, b} {
		got, err := c.Sites().ByHost(c.ctx, want.Host)
		c.ok(err)
		c.same(got.Rules[0].Networks[0].String(), "10.0.0.0/8")
		for _, s := range []*site.Site{&got, &want, &all[i]} {
			s.Rules[0].Networks = nil // cmp cannot look into addresses
		}
		c.same(got, want)
		c.same(all[i], want)
	}
	drop := func(int) error { return c.Sites().Delete(c.ctx, a.Host, c.now, c.system()) }
	c.once(site.ErrUnknown, drop)
	_, err = c.Sites().ByHost(c.ctx, a.Host)
	c.is(err, site.ErrUnknown)
}

func siteGates(c *testcase) {
	s := c.site("app.example.test")
	_, g := c.gate(c.signIn(c.person()), s.Host)
	c.ok(c.Sites().Delete(c.ctx, s.Host, c.now, c.system()))
	c.same(c.opens(g), false)
}
