package storetest

import (
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-3: whoever loses authority loses the tokens that say so, and no session; a
// gain only has to be read.
func authorityLost(c *testcase) {
	u, o := c.person(), c.organization("acme")
	c.role("editor", "posts:read", "posts:write")
	roles := func(names ...string) func() error {
		return func() error {
			return c.Users().SetRoles(c.ctx, u.ID, names, "", c.now, c.event(user.RoleAssigned, u.ID))
		}
	}
	member := func(names ...string) func() error {
		return func() error {
			return c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: u.ID, Roles: names, JoinedAt: c.now}, c.event(organization.MemberChanged, u.ID))
		}
	}
	permissions := func(names ...string) func() error {
		return func() error { c.role("editor", names...); return nil }
	}
	version := int64(1)
	for _, act := range []struct {
		name string
		do   func() error
		lost bool
	}{
		{"role given", roles(rbac.Admin), false},
		{"another", roles(rbac.Admin, "editor"), false},
		{"the same again", roles("editor", rbac.Admin), false},
		{"role taken", roles("editor"), true},
		{"permission added", permissions("posts:read", "posts:write", "posts:list"), false},
		{"permission taken", permissions("posts:read", "posts:write"), true},
		{"member", member(), false},
		{"member with a role", member("editor"), false},
		{"member with another", member(rbac.Admin), true},
		{"no member", func() error {
			return c.Organizations().RemoveMember(c.ctx, o.ID, u.ID, c.now, c.event(organization.MemberRemoved, u.ID))
		}, true},
	} {
		c.heard()
		c.ok(act.do())
		want := refreshOf(u.ID, c.now)
		if act.lost {
			version++
			want.Version = version
		}
		c.Log(act.name)
		c.same(c.heard(), []revocation.Entry{want})
		got := c.reread(u)
		c.same([]int64{got.TokenVersion, got.Version}, []int64{version, 1})
	}
}

// TH-17: where more than 1,000 lose authority, one entry ends all tokens, and the
// versions of all accounts go above it.
func authorityLostByMany(c *testcase) {
	c.role("everybody", "posts:read")
	c.crowd("everybody")
	u := c.person()
	c.ok(c.Users().SetRoles(c.ctx, u.ID, []string{"everybody"}, "", c.now, c.event(user.RoleAssigned, u.ID)))
	c.heard()
	c.role("everybody")
	floor := c.now.UnixMicro()
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Instance, Version: floor, At: c.now}})
	c.same(c.reread(u).TokenVersion, floor)
	c.ok(c.Users().SetRoles(c.ctx, u.ID, nil, "", c.now, c.event(user.RoleAssigned, u.ID)))
	c.same(c.heard(), []revocation.Entry{demotionOf(u.ID, floor+1, c.now)})
}
