package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
)

var resources = []test{
	{"create, update, list, delete", resourceLife},
	{"absence", resourceAbsence},
	{"scopes", scopeLife},
	{"a scope that is listed stays", scopeListed},
	{"races", resourceRaces},
}

func (c *testcase) scope(name string) resource.Scope {
	c.Helper()
	s := resource.Scope{Name: name, Description: "What " + name + " does", CreatedAt: c.now, UpdatedAt: c.now}
	c.ok(c.Resources().PutScope(c.ctx, s, c.system()))
	return s
}

func (c *testcase) resource(identifier string) resource.Resource {
	c.Helper()
	r := c.resourceOf(identifier)
	c.ok(c.Resources().Create(c.ctx, r, c.system()))
	c.heard()
	return r
}

func (c *testcase) resourceOf(identifier string) resource.Resource {
	return resource.Resource{
		Identifier: identifier, Name: "Posts", Scopes: []string{"openid"}, TokenFormat: resource.JWT, TokenLifetime: 10 * time.Minute, Algorithm: "EdDSA",
		Verifiers: []string{"api"}, ManagedBy: "file", Revision: 1, CreatedAt: c.now, UpdatedAt: c.now,
	}
}

func resourceLife(c *testcase) {
	c.scope("posts:read")
	r := c.resource("https://api.example/posts")
	r.Name, r.Scopes, r.TokenFormat, r.TokenLifetime, r.Algorithm, r.Verifiers = "News", []string{"posts:read"}, resource.Opaque, 5*time.Minute, "ES256", nil
	r.ManagedBy, r.UpdatedAt = "", c.later(time.Minute)
	c.ok(c.Resources().Update(c.ctx, r, c.system()))
	reread := []revocation.Entry{{Kind: revocation.Refresh, Value: resource.Value(r.Identifier), At: c.now}}
	c.same(c.heard(), reread)
	c.is(c.Resources().Update(c.ctx, r, c.system()), resource.ErrStale)
	r.Revision++
	got, err := c.Resources().ByIdentifier(c.ctx, r.Identifier)
	c.ok(err)
	c.same(got, r)
	other := c.resource("https://Api.example/")
	all, err := c.Resources().List(c.ctx, "", 10)
	c.ok(err)
	c.same(all, []resource.Resource{other, r})
	rest, err := c.Resources().List(c.ctx, other.Identifier, 10)
	c.ok(err)
	c.same(rest, []resource.Resource{r})
	c.ok(c.Resources().Delete(c.ctx, r.Identifier, c.now, c.system()))
	c.same(c.heard(), reread)
}

func resourceAbsence(c *testcase) {
	ghost := c.resourceOf("https://ghost.example")
	c.is(c.Resources().Update(c.ctx, ghost, c.system()), resource.ErrUnknown)
	c.is(c.Resources().Delete(c.ctx, ghost.Identifier, c.now, c.system()), resource.ErrUnknown)
	c.is(c.Resources().DeleteScope(c.ctx, "ghost", c.system()), resource.ErrScopeUnknown)
	_, err := c.Resources().ByIdentifier(c.ctx, "https://gh\x00st.example\xff")
	c.is(err, resource.ErrUnknown)
	_, err = c.Resources().Scope(c.ctx, "openid")
	c.is(err, resource.ErrScopeUnknown)
	ghost.Scopes = []string{"ghost"}
	c.is(c.Resources().Create(c.ctx, ghost, c.system()), resource.ErrScopeUnknown)
}

func scopeLife(c *testcase) {
	write := c.scope("posts:write")
	read := c.scope("posts:read")
	read.Description, read.ManagedBy, read.UpdatedAt = "Read your posts", "file", c.later(time.Minute)
	again := read
	again.CreatedAt = c.now
	c.ok(c.Resources().PutScope(c.ctx, again, c.system()))
	got, err := c.Resources().Scope(c.ctx, "posts:read")
	c.ok(err)
	c.same(got, read)
	all, err := c.Resources().Scopes(c.ctx)
	c.ok(err)
	c.same(all, []resource.Scope{read, write})
	c.once(resource.ErrScopeUnknown, func(int) error { return c.Resources().DeleteScope(c.ctx, "posts:read", c.system()) })
}

// Names are found whole, however they are written in JSON.
func scopeListed(c *testcase) {
	for _, name := range []string{"a", "a:b", "<b>&%_", "'"} {
		c.scope(name)
	}
	r := c.resourceOf("https://api.example")
	r.Scopes = []string{"a:b", "<b>&%_", "'"}
	c.ok(c.Resources().Create(c.ctx, r, c.system()))
	for _, name := range r.Scopes {
		c.is(c.Resources().DeleteScope(c.ctx, name, c.system()), resource.ErrScopeInUse)
	}
	c.ok(c.Resources().DeleteScope(c.ctx, "a", c.system()))
	c.ok(c.Resources().Delete(c.ctx, r.Identifier, c.now, c.system()))
	for _, name := range r.Scopes {
		c.ok(c.Resources().DeleteScope(c.ctx, name, c.system()))
	}
}

func resourceRaces(c *testcase) {
	r := c.resourceOf("https://api.example")
	c.once(resource.ErrTaken, func(int) error { return c.Resources().Create(c.ctx, r, c.system()) })
	c.once(resource.ErrStale, func(int) error { return c.Resources().Update(c.ctx, r, c.system()) })
	c.once(resource.ErrUnknown, func(int) error { return c.Resources().Delete(c.ctx, r.Identifier, c.now, c.system()) })
}
