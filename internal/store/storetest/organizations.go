package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/user"
)

var organizations = []test{
	{"create, update, delete", organizationLife},
	{"one of many takes a slug", organizationRace},
	{"members", organizationMembers},
	{"lists in order", organizationLists},
}

func (c *testcase) organization(slug string) organization.Organization {
	c.Helper()
	o := c.newOrganization(slug)
	c.ok(c.Organizations().Create(c.ctx, o, c.system()))
	return o
}

func (c *testcase) newOrganization(slug string) organization.Organization {
	c.later(time.Millisecond)
	return organization.Organization{ID: organization.NewID(c.now), Slug: slug, Name: "Acme", Domains: []string{"acme.test"}, Revision: 1, CreatedAt: c.now, UpdatedAt: c.now}
}

func organizationLife(c *testcase) {
	o, u := c.organization("acme"), c.person()
	c.organization("taken")
	c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: u.ID, JoinedAt: c.now}, c.event(organization.MemberAdded, u.ID)))
	c.heard()
	o.Slug, o.Name, o.Domains, o.ManagedBy, o.UpdatedAt = "acme-inc", "Acme Inc.", nil, "file", c.later(time.Minute)
	c.ok(c.Organizations().Update(c.ctx, o, c.system()))
	c.same(c.heard(), []revocation.Entry{refreshOf(u.ID, c.now)})
	o.Revision++
	got, err := c.Organizations().BySlug(c.ctx, "acme-inc")
	c.ok(err)
	c.same(got, o)
	_, err = c.Organizations().BySlug(c.ctx, "acme")
	c.is(err, organization.ErrUnknown)
	clash := o
	clash.Slug = "taken"
	c.is(c.Organizations().Update(c.ctx, clash, c.system()), organization.ErrSlugTaken)
	c.same(len(c.heard()), 0)
	c.once(organization.ErrUnknown, func(int) error { return c.Organizations().Delete(c.ctx, o.ID, c.now, c.system()) })
	c.same(c.heard(), []revocation.Entry{demotionOf(u.ID, 2, c.now)})
	of, err := c.Organizations().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(len(of), 0)
}

func organizationRace(c *testcase) {
	all := make([]organization.Organization, callers)
	for i := range all {
		all[i] = c.newOrganization("acme")
	}
	c.once(organization.ErrSlugTaken, func(i int) error { return c.Organizations().Create(c.ctx, all[i], c.system()) })
}

func organizationMembers(c *testcase) {
	o, u := c.organization("acme"), c.person()
	c.role("owner")
	m := organization.Membership{Organization: o.ID, User: u.ID, Roles: []string{"owner", rbac.Admin}, JoinedAt: c.now}
	set := func(m organization.Membership) error {
		return c.Organizations().SetMember(c.ctx, m, c.event(organization.MemberAdded, u.ID))
	}
	c.ok(set(m))
	c.same(c.heard(), []revocation.Entry{refreshOf(u.ID, c.now)})
	m.Roles, m.Slug, m.Name = []string{rbac.Admin, "owner"}, o.Slug, o.Name
	of, err := c.Organizations().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(of, []organization.Membership{m})
	c.same(len(c.reread(u).Roles), 0) // they count inside the organisation only

	bad := m
	bad.Roles = []string{"gone"}
	c.is(set(bad), rbac.ErrUnknown)
	bad = m
	bad.Organization = organization.NewID(c.now)
	c.is(set(bad), organization.ErrUnknown)
	bad = m
	bad.User = user.NewID(c.now)
	c.is(set(bad), user.ErrUnknown)
	again := m
	again.JoinedAt, again.Roles = c.later(time.Hour), nil
	c.heard()
	c.ok(set(again))
	m.Roles = nil
	members, err := c.Organizations().Members(c.ctx, o.ID, user.ID{}, 10)
	c.ok(err)
	c.same(members, []organization.Membership{m})
	c.heard()
	c.once(organization.ErrNotMember, func(int) error {
		return c.Organizations().RemoveMember(c.ctx, o.ID, u.ID, c.now, c.event(organization.MemberRemoved, u.ID))
	})
	c.same(c.heard(), []revocation.Entry{demotionOf(u.ID, 3, c.now)})
}

func organizationLists(c *testcase) {
	u := c.person()
	var ids, got []organization.ID
	for i := range 5 {
		o := c.organization(fmt.Sprintf("org-%d", 9-i))
		ids = append(ids, o.ID)
		c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: u.ID, JoinedAt: c.now}, c.event(organization.MemberAdded, u.ID)))
	}
	var after organization.ID
	for {
		page, err := c.Organizations().List(c.ctx, after, 2)
		c.ok(err)
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			got = append(got, o.ID)
		}
		after = got[len(got)-1]
	}
	c.same(got, ids)
	of, err := c.Organizations().Of(c.ctx, u.ID)
	c.ok(err)
	c.same([]string{of[0].Slug, of[4].Slug}, []string{"org-5", "org-9"})

	var people, members []user.ID
	for range 3 {
		c.later(time.Millisecond)
		p := c.person()
		people = append(people, p.ID)
		c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: ids[0], User: p.ID, JoinedAt: c.now}, c.event(organization.MemberAdded, p.ID)))
	}
	first, err := c.Organizations().Members(c.ctx, ids[0], u.ID, 2)
	c.ok(err)
	rest, err := c.Organizations().Members(c.ctx, ids[0], first[1].User, 2)
	c.ok(err)
	for _, m := range append(first, rest...) {
		members = append(members, m.User)
	}
	c.same(members, people)
}
