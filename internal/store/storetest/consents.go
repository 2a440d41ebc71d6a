package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

var consents = []test{
	{"what is agreed to is kept, and more is merged", consentLife},
	{"pages answered at once are merged", consentRace},
	{"nothing is agreed to after the act", consentBirth},
	{"taken back with the grants, once", consentWithdrawn},
	{"goes with its client", consentClient},
}

func (a *app) consent(scopes ...string) consent.Consent {
	return consent.Consent{
		User: a.owner.ID, UserVersion: a.reread(a.owner).Version, Client: string(a.client.ID), Scopes: scopes,
		Audiences: []string{audience}, CreatedAt: a.now, UpdatedAt: a.now,
	}
}

func (a *app) agree(scopes ...string) consent.Consent {
	a.Helper()
	c := a.consent(scopes...)
	a.ok(a.Consents().Put(a.ctx, c, a.event(consent.Given, a.owner.ID)))
	c.UserVersion = 0
	return c
}

func (a *app) agreed() consent.Consent {
	a.Helper()
	c, err := a.Consents().Get(a.ctx, a.owner.ID, string(a.client.ID))
	a.ok(err)
	return c
}

func (a *app) withdraw() (int, error) {
	return a.Consents().Withdraw(a.ctx, a.owner.ID, string(a.client.ID), a.now, a.event(consent.Withdrawn, a.owner.ID))
}

// OA-23: one consent for an account and a client.
func consentLife(c *testcase) {
	a := c.app("web")
	_, err := a.Consents().Get(a.ctx, a.owner.ID, "web")
	a.is(err, consent.ErrNone)
	first := a.agree("openid", "posts:read")
	a.same(a.agreed(), first)
	a.later(time.Hour)
	a.agree("email", "openid")
	want := first
	want.Scopes, want.UpdatedAt = []string{"openid", "posts:read", "email"}, a.now
	a.same(a.agreed(), want)
	all, err := a.Consents().Of(a.ctx, a.owner.ID)
	a.ok(err)
	a.same(all, []consent.Consent{want})
	all, err = a.Consents().Of(a.ctx, a.person().ID)
	a.ok(err)
	a.same(len(all), 0)
	a.same(a.trail(a.owner)[1:], []string{"consent.granted", "consent.granted"})
}

func consentRace(c *testcase) {
	a := c.app("web")
	a.same(a.race(nil, func(i int) error {
		return a.Consents().Put(a.ctx, a.consent(fmt.Sprintf("scope%d", i)), a.event(consent.Given, a.owner.ID))
	}), callers)
	a.same(len(a.agreed().Scopes), callers)
}

// TH-1: what was decided before the act is not kept after it.
func consentBirth(c *testcase) {
	a := c.app("first")
	for _, name := range []string{"ban", "delete", "end all", "disable client", "delete client"} {
		b := c.appWith(client.ID(fmt.Sprintf("client%d", c.next())), a.keys)
		decided := b.consent("openid")
		act := grantActs(b, b.sitting())[name]
		b.ok(act(b.Store))
		b.is(b.Consents().Put(b.ctx, decided, b.event(consent.Given, user.ID{})), consent.ErrBirth)
		_, err := b.Consents().Get(b.ctx, b.owner.ID, string(b.client.ID))
		b.is(err, consent.ErrNone)
	}
}

// OA-47: grants end with the consent they hang on, and everybody is told; other
// apps and other people keep theirs.
func consentWithdrawn(c *testcase) {
	a := c.app("web")
	a.agree("openid")
	mine, again := a.begin(nobody), a.begin(byKey)
	other := c.appWith("other", a.keys)
	other.owner = a.owner
	other.agree("openid")
	kept := other.begin(nobody)
	a.heard()

	ended, err := a.withdraw()
	a.ok(err)
	a.same([]int{ended, len(a.heard())}, []int{2, 2})
	for _, i := range []token.Issued{mine, again} {
		g, alive := a.read(i)
		a.same([]any{alive, g.Cause}, []any{false, token.Withdrawn})
		a.refused(a.ask(i, home), token.ErrRefused)
	}
	_, err = a.withdraw()
	a.is(err, consent.ErrNone)
	other.refresh(kept, home)
	other.agreed()

	a.agree("openid")
	a.once(consent.ErrNone, func(int) error { _, err := a.withdraw(); return err })
	last := a.trail(a.owner)
	a.same(last[len(last)-1], "consent.withdrawn")
}

// A client that gets a name again is another one.
func consentClient(c *testcase) {
	a := c.app("web")
	a.agree("openid")
	a.ok(a.InTx(a.ctx, func(tx store.Set) error { return tx.Clients().Delete(a.ctx, a.client.ID, a.now, a.system()) }))
	c.client("web")
	_, err := a.Consents().Get(a.ctx, a.owner.ID, "web")
	a.is(err, consent.ErrNone)
}
