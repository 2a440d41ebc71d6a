package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var roles = []test{
	{"create, replace, list, delete", roleLife},
	{"the built-in role", roleBuiltIn},
	{"a role that is held stays", roleHeld},
	{"a role is given or gone, never both", roleRace},
	{"many holders are told at once", roleMany},
}

func (c *testcase) role(name string, permissions ...string) rbac.Role {
	c.Helper()
	r := rbac.Role{Name: name, Permissions: permissions, CreatedAt: c.now, UpdatedAt: c.now}
	c.ok(c.Roles().Put(c.ctx, r, c.system()))
	return r
}

func (c *testcase) dropRole(name string) error { return c.Roles().Delete(c.ctx, name, c.system()) }

func roleLife(c *testcase) {
	editor := c.role("editor", "posts:read", "posts:write")
	author := c.role("author")
	author.Permissions, author.ManagedBy, author.UpdatedAt = []string{"posts:read"}, "file", c.later(time.Minute)
	replacement := author
	replacement.CreatedAt = c.now
	c.ok(c.Roles().Put(c.ctx, replacement, c.system()))
	got, err := c.Roles().ByName(c.ctx, "author")
	c.ok(err)
	c.same(got, author)
	all, err := c.Roles().All(c.ctx)
	c.ok(err)
	c.same(len(all), 3)
	c.same([]any{all[0].Name, all[1], all[2]}, []any{rbac.Admin, author, editor})
	c.once(rbac.ErrUnknown, func(int) error { return c.dropRole("author") })
	_, err = c.Roles().ByName(c.ctx, "author")
	c.is(err, rbac.ErrUnknown)
}

func roleBuiltIn(c *testcase) {
	got, err := c.Roles().ByName(c.ctx, rbac.Admin)
	c.ok(err)
	c.same(got.BuiltIn, true)
	c.is(c.Roles().Put(c.ctx, rbac.Role{Name: rbac.Admin, Permissions: []string{"x"}, CreatedAt: c.now, UpdatedAt: c.now}, c.system()), rbac.ErrBuiltIn)
	c.is(c.dropRole(rbac.Admin), rbac.ErrBuiltIn)
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "fake", BuiltIn: true, CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
	c.ok(c.dropRole("fake"))
}

func roleHeld(c *testcase) {
	u, m, o := c.person(), c.person(), c.organization("acme")
	c.role("editor")
	give := func(names ...string) {
		c.ok(c.Users().SetRoles(c.ctx, u.ID, names, "", c.now, c.event(user.RoleAssigned, u.ID)))
		c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: m.ID, Roles: names, JoinedAt: c.now}, c.event(organization.MemberChanged, m.ID)))
	}
	give("editor")
	c.heard()
	c.role("editor", "posts:write")
	told := map[[16]byte]revocation.Kind{}
	for _, e := range c.heard() {
		told[e.Value] = e.Kind
	}
	c.same(told, map[[16]byte]revocation.Kind{u.ID: revocation.Refresh, m.ID: revocation.Refresh})
	c.is(c.dropRole("editor"), rbac.ErrInUse)
	give()
	c.ok(c.dropRole("editor"))
}

func roleRace(c *testcase) {
	for i := range 10 {
		name := fmt.Sprintf("role%d", i)
		c.role(name)
		u := c.person()
		var given, dropped error
		var wg sync.WaitGroup
		wg.Go(func() {
			given = c.Users().SetRoles(c.ctx, u.ID, []string{name}, "", c.now, c.event(user.RoleAssigned, u.ID))
		})
		wg.Go(func() { dropped = c.dropRole(name) })
		wg.Wait()
		gaveFirst := given == nil && errors.Is(dropped, rbac.ErrInUse)
		dropFirst := dropped == nil && errors.Is(given, rbac.ErrUnknown)
		if !gaveFirst && !dropFirst {
			c.Fatalf("given: %v, dropped: %v", given, dropped)
		}
	}
}

// TH-17: an act that touches more than 1,000 is one wide entry.
func roleMany(c *testcase) {
	c.role("everybody")
	c.crowd("everybody")
	c.heard()
	c.role("everybody", "posts:read")
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Instance, At: c.now}})
}

// crowd keeps more accounts with a role than one act tells one by one.
func (c *testcase) crowd(role string) {
	for range 51 {
		c.ok(c.InTx(c.ctx, func(tx store.Set) error {
			for range 20 {
				u := c.account("")
				u.Roles = []string{role}
				if err := tx.Users().Create(c.ctx, u, nil, c.event(user.Created, u.ID)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
