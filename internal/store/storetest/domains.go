package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var domainTests = []test{
	{"claimed, verified, lapsed", domainLife},
	{"one organisation has a domain", domainRace},
	{"looked at by one", domainDue},
	{"required sign-in binds people of the domain", ssoBound},
	{"who breaks the glass is an owner", ssoGlass},
	{"where people are sent", domainHome},
	{"sessions that began elsewhere, and the last way in", domainElsewhere},
}

func (c *testcase) domains(o organization.Organization) []organization.Domain {
	c.Helper()
	all, err := c.Organizations().DomainsOf(c.ctx, o.ID)
	c.ok(err)
	return all
}

func (c *testcase) verify(o organization.Organization, name string) error {
	return c.Organizations().VerifyDomain(c.ctx, o.ID, name, c.now, c.system())
}

func (c *testcase) verified(slug string) organization.Organization {
	c.Helper()
	o := c.newOrganization(slug)
	o.Domains = []string{"example.test"}
	c.ok(c.Organizations().Create(c.ctx, o, c.system()))
	c.ok(c.verify(o, "example.test"))
	return o
}

// TH-40: what is verified is of now.
func domainLife(c *testcase) {
	o := c.organization("acme")
	claimed := organization.Domain{Organization: o.ID, Name: "acme.test", Status: organization.Claimed}
	c.same(c.domains(o), []organization.Domain{claimed})
	_, err := c.Organizations().VerifiedBy(c.ctx, "acme.test")
	c.is(err, organization.ErrDomainUnknown)
	c.is(c.verify(o, "other.test"), organization.ErrDomainUnknown)
	c.is(c.verify(c.newOrganization("gone"), "acme.test"), organization.ErrUnknown)
	c.ok(c.verify(o, "acme.test"))
	want := organization.Domain{Organization: o.ID, Name: "acme.test", Status: organization.Verified, VerifiedAt: c.now, CheckedAt: c.now}
	c.same(c.domains(o), []organization.Domain{want})
	by, err := c.Organizations().VerifiedBy(c.ctx, "acme.test")
	c.ok(err)
	c.same(by, o.ID)

	want.FailingSince = c.later(organization.CheckEvery)
	c.ok(c.Organizations().CheckDomain(c.ctx, want, c.now))
	c.is(c.Organizations().LapseDomain(c.ctx, want, c.system()), organization.ErrDomainUnknown) // an older look
	want.CheckedAt = c.now
	c.same(c.domains(o), []organization.Domain{want})
	c.once(organization.ErrDomainUnknown, func(int) error { return c.Organizations().LapseDomain(c.ctx, want, c.system()) })
	want.Status = organization.Lapsed
	c.same(c.domains(o), []organization.Domain{want})
	_, err = c.Organizations().VerifiedBy(c.ctx, "acme.test")
	c.is(err, organization.ErrDomainUnknown)
	c.is(c.Organizations().CheckDomain(c.ctx, want, c.later(time.Hour)), organization.ErrDomainUnknown)

	c.ok(c.verify(o, "acme.test"))
	o.Domains, o.UpdatedAt = []string{"new.test"}, c.now
	c.ok(c.Organizations().Update(c.ctx, o, c.system()))
	_, err = c.Organizations().VerifiedBy(c.ctx, "acme.test")
	c.is(err, organization.ErrDomainUnknown)
	o.Domains = []string{"acme.test"}
	c.ok(c.Organizations().Update(c.ctx, o, c.system()))
	c.same(c.domains(o), []organization.Domain{claimed}) // and not what it was
	_, err = c.Organizations().DomainsOf(c.ctx, organization.NewID(c.now))
	c.is(err, organization.ErrUnknown)
}

func domainRace(c *testcase) {
	all := make([]organization.Organization, callers)
	for i := range all {
		all[i] = c.newOrganization("o" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		c.ok(c.Organizations().Create(c.ctx, all[i], c.system()))
	}
	c.once(organization.ErrDomainTaken, func(i int) error { return c.verify(all[i], "acme.test") })
	by, err := c.Organizations().VerifiedBy(c.ctx, "acme.test")
	c.ok(err)
	c.ok(c.Organizations().Delete(c.ctx, by, c.now, c.system()))
	other := all[0]
	if by == other.ID {
		other = all[1]
	}
	c.ok(c.verify(other, "acme.test"))
}

func domainDue(c *testcase) {
	c.verified("acme")
	due, err := c.Organizations().DomainsDue(c.ctx, c.now, 10)
	c.ok(err)
	c.same(len(due), 0)
	due, err = c.Organizations().DomainsDue(c.ctx, c.later(time.Hour), 10)
	c.ok(err)
	c.same(len(due), 1)
	c.once(organization.ErrDomainUnknown, func(int) error { return c.Organizations().CheckDomain(c.ctx, due[0], c.now) })
	due, err = c.Organizations().DomainsDue(c.ctx, c.now, 10)
	c.ok(err)
	c.same(len(due), 0)
}

// TH-40: members of a verified domain, and never who administers the instance.
func ssoBound(c *testcase) {
	o, u := c.verified("acme"), c.person()
	boss, guest, stranger := c.person(), c.personAt("guest@sub.example.test", c.now), c.person()
	glass := c.person()
	c.role(organization.Owner)
	for _, p := range []user.User{u, boss, guest, glass} {
		m := organization.Membership{Organization: o.ID, User: p.ID, JoinedAt: c.now}
		if p.ID == glass.ID {
			m.Roles = []string{organization.Owner}
		}
		c.ok(c.Organizations().SetMember(c.ctx, m, c.event(organization.MemberAdded, p.ID)))
	}
	c.ok(c.Users().SetRoles(c.ctx, boss.ID, []string{rbac.Admin}, "", c.now, c.event(user.RoleAssigned, boss.ID)))
	bound := func(u user.User) bool {
		c.Helper()
		ids, err := c.Organizations().Bound(c.ctx, u.ID)
		c.ok(err)
		if len(ids) > 0 {
			c.same(ids, []organization.ID{o.ID})
		}
		return len(ids) > 0
	}
	c.same(bound(u), false)
	r := organization.Requirement{Organization: o.ID, BreakGlass: []user.ID{glass.ID}, Since: c.now}
	c.ok(c.Organizations().Require(c.ctx, r, c.system()))
	got, err := c.Organizations().Required(c.ctx, o.ID)
	c.ok(err)
	c.same(got, r)
	c.same([]bool{bound(u), bound(boss), bound(guest), bound(stranger), bound(glass)}, []bool{true, false, false, false, false})

	m := organization.Membership{Organization: o.ID, User: glass.ID, JoinedAt: c.now}
	c.ok(c.Organizations().SetMember(c.ctx, m, c.event(organization.MemberAdded, glass.ID)))
	c.same(bound(glass), true) // an owner no more

	d := c.domains(o)[0]
	c.ok(c.Organizations().LapseDomain(c.ctx, d, c.system()))
	c.same(bound(u), false)
	c.ok(c.verify(o, "example.test"))
	c.same(bound(u), true)
	c.once(organization.ErrNotRequired, func(int) error { return c.Organizations().Relax(c.ctx, o.ID, c.system()) })
	c.same(bound(u), false)
	_, err = c.Organizations().Required(c.ctx, o.ID)
	c.is(err, organization.ErrNotRequired)
}

func ssoGlass(c *testcase) {
	o, u := c.verified("acme"), c.person()
	c.role(organization.Owner)
	r := organization.Requirement{Organization: o.ID, BreakGlass: []user.ID{u.ID}, Since: c.now}
	require := func() error { return c.Organizations().Require(c.ctx, r, c.system()) }
	c.is(require(), organization.ErrBreakGlass)
	_, err := c.Organizations().Required(c.ctx, o.ID)
	c.is(err, organization.ErrNotRequired) // all or nothing
	c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: u.ID, JoinedAt: c.now}, c.event(organization.MemberAdded, u.ID)))
	c.is(require(), organization.ErrBreakGlass)
	c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: u.ID, Roles: []string{organization.Owner}, JoinedAt: c.now}, c.event(organization.MemberAdded, u.ID)))
	c.ok(require())
	since := c.now
	r.Since = c.later(time.Hour)
	c.ok(require())
	r.Since = since
	got, err := c.Organizations().Required(c.ctx, o.ID)
	c.ok(err)
	c.same(got, r)
	c.ok(c.Organizations().RemoveMember(c.ctx, o.ID, u.ID, c.now, c.event(organization.MemberRemoved, u.ID)))
	got, err = c.Organizations().Required(c.ctx, o.ID)
	c.ok(err)
	c.same(len(got.BreakGlass), 0)
	r.Organization = organization.NewID(c.now)
	c.is(require(), organization.ErrUnknown)
}

func domainHome(c *testcase) {
	o, other := c.verified("acme"), c.organization("other")
	homes := func() bool {
		c.Helper()
		some, err := c.Federation().Homes(c.ctx)
		c.ok(err)
		return some
	}
	c.connection("public")
	c.same(homes(), false)
	var made []federation.Connection
	for _, name := range []string{"b", "c", "a"} {
		v := c.newConnection(name)
		v.Organization, v.Enabled, v.Hidden = o.ID.String(), name != "a", true
		c.ok(c.Federation().Create(c.ctx, v, c.system()))
		made = append(made, v)
	}
	c.same(homes(), true)
	got, err := c.Federation().HomeOf(c.ctx, o.ID)
	c.ok(err)
	c.same(got, made[0])
	_, err = c.Federation().HomeOf(c.ctx, other.ID)
	c.is(err, federation.ErrUnknown)
	c.ok(c.Organizations().LapseDomain(c.ctx, c.domains(o)[0], c.system()))
	c.same(homes(), false)
}

func domainElsewhere(c *testcase) {
	o, u := c.verified("acme"), c.person()
	own := c.newConnection("own")
	own.Organization = o.ID.String()
	c.ok(c.Federation().Create(c.ctx, own, c.system()))
	here, there := c.linkOf(own, u, "1"), c.linkOf(c.connection("public"), u, "2")
	c.ok(c.link(here))
	c.ok(c.link(there))
	c.begin(here, "s1")
	want := []federation.SessionID{federation.SessionID(c.begin(there, "s2").ID), federation.SessionID(c.signIn(c.reread(u)).ID)}
	got, err := c.Federation().Elsewhere(c.ctx, u.ID, o.ID, c.now, 10)
	c.ok(err)
	c.same(got, want)
	c.ok(c.Sessions().End(c.ctx, u.ID, session.ID(want[0]), session.Revoked, c.now, c.event(session.RevokedEvent, u.ID)))
	got, err = c.Federation().Elsewhere(c.ctx, u.ID, o.ID, c.now, 10)
	c.ok(err)
	c.same(got, want[1:])

	c.ok(c.unlink(there))
	c.is(c.unlink(here), federation.ErrLastWay)
	cut := func(int) error { return c.Federation().Cut(c.ctx, u.ID, here.ID, c.event(federation.LinkGone, u.ID)) }
	c.is(c.Federation().Cut(c.ctx, c.person().ID, here.ID, c.system()), federation.ErrLinkUnknown)
	c.once(federation.ErrLinkUnknown, cut)
}
