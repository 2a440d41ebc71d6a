package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
)

var connectionTests = []test{
	{"kept as given", connectionLife},
	{"lists and buttons in order", connectionLists},
	{"of an organisation", connectionOrganization},
	{"races", connectionRaces},
	{"absence", connectionAbsence},
	{"an attempt comes back once", connectionAttempt},
}

func (c *testcase) newConnection(name string) federation.Connection {
	return federation.Connection{
		ID: federation.NewID(c.later(time.Millisecond)), Name: name, Label: "Acme", Kind: federation.OIDC, Enabled: true, Version: 1,
		Settings:  federation.Settings{ClientID: "ours", Issuer: "https://idp.example.test"},
		CreatedAt: c.now, UpdatedAt: c.now,
	}
}

func (c *testcase) connection(name string) federation.Connection {
	c.Helper()
	v := c.newConnection(name)
	c.ok(c.Federation().Create(c.ctx, v, c.system()))
	return v
}

func (c *testcase) connected(id federation.ID) federation.Connection {
	c.Helper()
	got, err := c.Federation().ByID(c.ctx, id)
	c.ok(err)
	return got
}

func connectionLife(c *testcase) {
	v := c.newConnection("acme")
	v.Secret, v.ManagedBy = federation.Sealed("sealed"), "file"
	v.Settings = federation.Settings{
		ClientID: "ours", Issuer: "https://idp.example.test/a\x00b<é>", Scopes: []string{"openid"}, Algorithms: []string{"ES256"}, AuthMethod: "private_key_jwt",
		Endpoints: federation.Endpoints{Authorization: "https://idp.example.test/a"}, Tenants: []string{"t"}, TeamID: "team", KeyID: "key",
		Trust: []string{"*"}, KeepTokens: true, PassOn: true, Logout: federation.LogoutOffer,
		Mapping:   federation.Mapping{Fields: map[string]string{"name": "a.b"}, Roles: map[string][]string{"g": {"r"}}, Once: []string{"name"}},
		Provision: federation.Provision{Mode: federation.ProvisionDomains, Domains: []string{"a.test"}, Organization: "acme", Roles: []string{"r"}},
	}
	c.ok(c.Federation().Create(c.ctx, v, c.system()))
	c.same(c.connected(v.ID), v)

	next := v
	next.Name, next.Label, next.Kind, next.Enabled, next.Hidden, next.Secret, next.ManagedBy = "other", "", federation.GitHub, false, true, nil, ""
	next.Settings, next.UpdatedAt, next.CreatedAt = federation.Settings{ClientID: "theirs"}, c.later(time.Minute), c.now
	c.ok(c.Federation().Update(c.ctx, next, c.system()))
	c.is(c.Federation().Update(c.ctx, next, c.system()), federation.ErrStale)
	next.Version, next.CreatedAt = 2, v.CreatedAt
	got, err := c.Federation().ByName(c.ctx, "other")
	c.ok(err)
	c.same(got, next)
	_, err = c.Federation().ByName(c.ctx, "acme")
	c.is(err, federation.ErrUnknown)

	taken := c.connection("taken")
	taken.Name = "other"
	c.is(c.Federation().Update(c.ctx, taken, c.system()), federation.ErrTaken)
	c.ok(c.Federation().Delete(c.ctx, v.ID, c.now, c.system()))
	c.is(c.Federation().Delete(c.ctx, v.ID, c.now, c.system()), federation.ErrUnknown)
}

func connectionLists(c *testcase) {
	var want []federation.Connection
	for _, name := range []string{"A", "B", "a", "b"} {
		want = append(want, c.connection(name))
	}
	off, hidden := c.newConnection("c"), c.newConnection("d")
	off.Enabled, hidden.Hidden = false, true
	for _, v := range []federation.Connection{off, hidden} {
		c.ok(c.Federation().Create(c.ctx, v, c.system()))
		want = append(want, v)
	}
	first, err := c.Federation().List(c.ctx, "", 4)
	c.ok(err)
	rest, err := c.Federation().List(c.ctx, "b", 4)
	c.ok(err)
	c.same(append(first, rest...), want)

	shown := want[:3]
	for i := range shown {
		shown[i].Settings, shown[i].Secret = federation.Settings{}, nil
	}
	buttons, err := c.Federation().Buttons(c.ctx, 3)
	c.ok(err)
	c.same(buttons, shown)
	buttons, err = c.Federation().Buttons(c.ctx, 100)
	c.ok(err)
	c.same(len(buttons), 4)
}

// TH-40: what an organisation brought goes with it, and is nobody else's button.
func connectionOrganization(c *testcase) {
	o, u := c.organization("acme"), c.person()
	v := c.newConnection("acme")
	v.Organization = o.ID.String()
	c.ok(c.Federation().Create(c.ctx, v, c.system()))
	c.same(c.connected(v.ID), v)
	c.ok(c.link(c.linkOf(v, u, "1")))
	buttons, err := c.Federation().Buttons(c.ctx, 10)
	c.ok(err)
	c.same(len(buttons), 0)

	for _, org := range []string{organization.NewID(c.now).String(), "acme"} {
		bad := c.newConnection("bad")
		bad.Organization = org
		c.is(c.Federation().Create(c.ctx, bad, c.system()), organization.ErrUnknown)
		bad = v
		bad.Organization = org
		c.is(c.Federation().Update(c.ctx, bad, c.system()), organization.ErrUnknown)
	}
	c.ok(c.Organizations().Delete(c.ctx, o.ID, c.now, c.system()))
	_, err = c.Federation().ByID(c.ctx, v.ID)
	c.is(err, federation.ErrUnknown)
	links, err := c.Federation().LinksOf(c.ctx, u.ID)
	c.ok(err)
	c.same(len(links), 0)
}

func connectionRaces(c *testcase) {
	all := make([]federation.Connection, callers)
	for i := range all {
		all[i] = c.newConnection("acme")
	}
	c.once(federation.ErrTaken, func(i int) error { return c.Federation().Create(c.ctx, all[i], c.system()) })
	v, err := c.Federation().ByName(c.ctx, "acme")
	c.ok(err)
	c.once(federation.ErrStale, func(i int) error {
		mine := v
		mine.Label = fmt.Sprint(i)
		return c.Federation().Update(c.ctx, mine, c.system())
	})
	c.once(federation.ErrUnknown, func(int) error { return c.Federation().Delete(c.ctx, v.ID, c.now, c.system()) })
}

func connectionAbsence(c *testcase) {
	ghost := c.newConnection("ghost")
	_, err := c.Federation().ByID(c.ctx, ghost.ID)
	c.is(err, federation.ErrUnknown)
	_, err = c.Federation().ByName(c.ctx, "gh\x00st\xff")
	c.is(err, federation.ErrUnknown)
	c.is(c.Federation().Update(c.ctx, ghost, c.system()), federation.ErrUnknown)
	c.is(c.Federation().Delete(c.ctx, ghost.ID, c.now, c.system()), federation.ErrUnknown)
	all, err := c.Federation().List(c.ctx, "", 10)
	c.ok(err)
	c.same(len(all), 0)
}

func connectionAttempt(c *testcase) {
	d := digest()
	c.once(federation.ErrAttempt, func(int) error { return c.Federation().Spend(c.ctx, d, c.now.Add(time.Minute)) })
	c.ok(c.Federation().Spend(c.ctx, digest(), c.now.Add(time.Minute)))
	n, err := c.Federation().Sweep(c.ctx, c.now, 10)
	c.ok(err)
	c.same(n, 0)
	n, err = c.Federation().Sweep(c.ctx, c.now.Add(2*time.Minute), 1)
	c.ok(err)
	c.same(n, 1)
}
