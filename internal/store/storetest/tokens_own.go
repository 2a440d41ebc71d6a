package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-1 TH-3 TH-17: a token of a client's own hangs on both of its versions.
func tokenOwn(c *testcase) {
	v := c.client("robot")
	own := token.Own{Client: "robot", ClientVersion: v.Version, TokenVersion: v.TokenVersion}
	keep := func(own token.Own) (token.Opaque, error) {
		o := token.Opaque{
			ID: token.AccessID(token.NewID()), Digest: digest(), Own: own, Audiences: []string{audience}, Scope: "read", JKT: "thumb",
			IssuedAt: c.now, ExpiresAt: c.now.Add(10 * time.Minute),
		}
		return o, c.Tokens().KeepOwn(c.ctx, o)
	}
	alive := func(o token.Opaque) bool {
		c.Helper()
		_, err := c.Tokens().OwnByAccess(c.ctx, o.Digest, c.now)
		jwt, err1 := c.Tokens().OwnAlive(c.ctx, o.Own, o.ID)
		c.ok(err1)
		c.same(err == nil, jwt)
		return jwt
	}
	o, err := keep(own)
	c.ok(err)
	got, err := c.Tokens().OwnByAccess(c.ctx, o.Digest, c.now)
	c.ok(err)
	c.same(got, o)
	_, _, _, err = c.Tokens().ByAccess(c.ctx, o.Digest, c.now)
	c.is(err, token.ErrUnknown)
	_, err = c.Tokens().OwnByAccess(c.ctx, o.Digest, o.ExpiresAt)
	c.is(err, token.ErrUnknown)
	for _, wrong := range []token.Own{{Client: "ghost", ClientVersion: 1, TokenVersion: 1}, {Client: "robot", ClientVersion: 2, TokenVersion: 1}, {Client: "robot", ClientVersion: 1}} {
		_, err := keep(wrong)
		c.is(err, token.ErrBirth)
	}
	c.ok(c.Tokens().EndOwn(c.ctx, own, o.ID, o.Digest, c.now, c.system()))
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Token, Value: o.ID, At: c.now}})
	c.same(alive(o), false)
	c.is(c.Tokens().EndOwn(c.ctx, token.Own{Client: "ghost"}, o.ID, o.Digest, c.now, c.system()), token.ErrUnknown)
	for _, act := range []func(){
		func() { c.disable("robot", true); c.disable("robot", false) },
		func() {
			c.ok(c.Clients().Rotate(c.ctx, "robot", client.Secret{Digest: digest()}, time.Time{}, true, c.now, c.system()))
		},
		func() { c.ok(c.Clients().Delete(c.ctx, "robot", c.now, c.system())); c.client("robot") },
	} {
		v := c.readClient("robot")
		o, err := keep(token.Own{Client: "robot", ClientVersion: v.Version, TokenVersion: v.TokenVersion})
		c.ok(err)
		c.same(alive(o), true)
		act()
		c.same(alive(o), false)
	}
	c.ownBudget()
}

// ownBudget gives back one more than may be named one by one.
func (c *testcase) ownBudget() {
	c.Helper()
	v := c.client("loop")
	own := token.Own{Client: "loop", ClientVersion: v.Version, TokenVersion: v.TokenVersion}
	for range revocation.Budget + 1 {
		c.ok(c.Tokens().EndOwn(c.ctx, own, token.AccessID(token.NewID()), [32]byte{}, c.now, c.system()))
	}
	got := c.readClient("loop")
	c.same([]int64{got.Version, got.TokenVersion}, []int64{1, 2})
	all := c.heard()
	c.same(all[len(all)-2:], []revocation.Entry{
		{Kind: revocation.Subject, Value: v.ID.Subject(), Version: 2, At: c.now}, {Kind: revocation.Refresh, Value: v.ID.Value(), At: c.now},
	})
}

// TH-1 TH-13 TH-16: what is exchanged is noted with a living grant, and its
// audiences hear of the grant's end and of the end of its client.
func tokenDerived(c *testcase) {
	a := c.app("web")
	const elsewhere = "https://elsewhere.example.test"
	derive := func(id token.ID) error {
		return c.Tokens().Derive(c.ctx, id, []string{audience, elsewhere}, c.now.Add(time.Hour), c.now, c.event(token.Exchanged, a.owner.ID))
	}
	last := func(kind revocation.Kind) (found revocation.Entry) {
		for _, e := range c.since(0) {
			if e.Kind == kind {
				found = e
			}
		}
		return found
	}
	i := a.begin(nobody)
	c.ok(derive(i.Grant.ID))
	c.ok(derive(i.Grant.ID))
	c.is(derive(token.NewID()), token.ErrBirth)
	g, _ := a.read(i)
	c.same(g.AccessUntil, c.now.Add(time.Hour))
	c.ok(a.End(c.ctx, user.System(), a.owner.ID, i.Grant.ID, token.Revoked))
	c.same(last(revocation.Grant).Audiences, []string{audience, elsewhere})
	c.is(derive(i.Grant.ID), token.ErrBirth)

	i = a.begin(nobody)
	c.ok(derive(i.Grant.ID))
	c.disable(a.client.ID, true)
	c.same([]any{last(revocation.Grant).Value, last(revocation.Grant).Audiences}, []any{[16]byte(i.Grant.ID), []string{audience, elsewhere}})
	c.is(derive(i.Grant.ID), token.ErrBirth)
	void, err := c.Tokens().Void(c.ctx, a.owner.ID, i.ID)
	c.ok(err)
	c.same(void, false)
	c.ok(c.Tokens().EndJWT(c.ctx, i.Grant.ID, i.ID, c.now, c.system()))
	void, err = c.Tokens().Void(c.ctx, a.owner.ID, i.ID)
	c.ok(err)
	c.same(void, true)
}
