package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
)

// OA-70 OA-72
var registrationTests = []test{
	{"initial tokens: create, list, delete", initialLife},
	{"an initial token has so many uses and no more", initialUses},
	{"fifty race for one use", initialRace},
	{"a use is spent with the client or not at all", initialRollback},
	{"expired initial tokens are forgotten", initialSweep},
	{"a registration goes with its client", registrationLife},
	{"which clients nobody uses", registrationIdle},
}

func (c *testcase) initial(uses int) registration.Token {
	c.Helper()
	t := registration.Token{
		ID: registration.NewID(c.now.Add(time.Duration(c.next()) * time.Millisecond)), Name: "Partners", Digest: digest(), MaxUses: uses,
		Policy:    registration.Policy{Scopes: []string{"openid"}, RedirectHosts: []string{"*.example.org"}},
		CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour),
	}
	c.ok(c.Registrations().CreateToken(c.ctx, t, c.system()))
	return t
}

func initialLife(c *testcase) {
	a, b := c.initial(1), c.initial(2)
	got, err := c.Registrations().Token(c.ctx, a.ID)
	c.ok(err)
	c.same(got, a)
	list, err := c.Registrations().Tokens(c.ctx, registration.ID{}, 10)
	c.ok(err)
	c.same(list, []registration.Token{a, b})
	list, err = c.Registrations().Tokens(c.ctx, a.ID, 10)
	c.ok(err)
	c.same(list, []registration.Token{b})
	c.ok(c.Registrations().DeleteToken(c.ctx, a.ID, c.system()))
	c.is(c.Registrations().DeleteToken(c.ctx, a.ID, c.system()), registration.ErrUnknown)
	_, err = c.Registrations().Token(c.ctx, a.ID)
	c.is(err, registration.ErrUnknown)
	_, err = c.Registrations().Spend(c.ctx, a.Digest, c.now)
	c.is(err, registration.ErrToken)
}

func initialUses(c *testcase) {
	t := c.initial(2)
	for n := 1; n <= 2; n++ {
		live, err := c.Registrations().Live(c.ctx, t.Digest, c.now)
		c.ok(err)
		c.same(live, t)
		got, err := c.Registrations().Spend(c.ctx, t.Digest, c.now)
		c.ok(err)
		t.Uses = n
		c.same(got, t)
	}
	_, err := c.Registrations().Spend(c.ctx, t.Digest, c.now)
	c.is(err, registration.ErrToken)
	_, err = c.Registrations().Live(c.ctx, t.Digest, c.now)
	c.is(err, registration.ErrToken)
	late := c.initial(2)
	_, err = c.Registrations().Live(c.ctx, late.Digest, late.ExpiresAt)
	c.is(err, registration.ErrToken)
	_, err = c.Registrations().Spend(c.ctx, late.Digest, late.ExpiresAt)
	c.is(err, registration.ErrToken)
	_, err = c.Registrations().Spend(c.ctx, digest(), c.now)
	c.is(err, registration.ErrToken)
	_, err = c.Registrations().Spend(c.ctx, secret.Digest{}, c.now)
	c.is(err, registration.ErrToken)
}

func initialRace(c *testcase) {
	t := c.initial(1)
	won := c.race(registration.ErrToken, func(int) error {
		_, err := c.Registrations().Spend(c.ctx, t.Digest, c.now)
		return err
	})
	c.same(won, 1)
	const uses = 7
	t = c.initial(uses)
	var made atomic.Int64
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			err := c.enrol(t.Digest, client.ID("racer-"+string(rune('a'+n%26))+string(rune('a'+n/26))))
			if err == nil {
				made.Add(1)
			} else if !errors.Is(err, registration.ErrToken) {
				c.Error(err)
			}
		})
	}
	wg.Wait()
	c.same(made.Load(), int64(uses))
	n, err := c.Registrations().Count(c.ctx, registration.Dynamic)
	c.ok(err)
	c.same(n, int64(uses))
}

// enrol makes a client in the act that spends a use for it.
func (c *testcase) enrol(d secret.Digest, id client.ID) error {
	return c.InTx(c.ctx, func(s store.Set) error {
		t, err := s.Registrations().Spend(c.ctx, d, c.now)
		if err != nil {
			return err
		}
		v := c.clientOf(id)
		v.ManagedBy = ""
		if err := s.Clients().Create(c.ctx, v, c.system()); err != nil {
			return err
		}
		return s.Registrations().Put(c.ctx, registration.Registration{Client: string(id), Source: registration.Dynamic, Digest: digest(), Initial: t.ID, Policy: t.Policy, CreatedAt: c.now})
	})
}

func initialRollback(c *testcase) {
	t := c.initial(1)
	c.ok(c.enrol(c.initial(1).Digest, "taken"))
	c.is(c.enrol(t.Digest, "taken"), client.ErrTaken)
	got, err := c.Registrations().Token(c.ctx, t.ID)
	c.ok(err)
	c.same(got.Uses, 0)
	c.ok(c.enrol(t.Digest, "free"))
}

func initialSweep(c *testcase) {
	c.initial(1)
	n, err := c.Registrations().SweepTokens(c.ctx, c.now.Add(time.Hour), 10)
	c.ok(err)
	c.same(n, 0)
	n, err = c.Registrations().SweepTokens(c.ctx, c.now.Add(time.Hour+time.Microsecond), 10)
	c.ok(err)
	c.same(n, 1)
}

func (c *testcase) registered(id client.ID, initial registration.ID) registration.Registration {
	c.Helper()
	v := c.clientOf(id)
	v.ManagedBy = ""
	c.ok(c.Clients().Create(c.ctx, v, c.system()))
	r := registration.Registration{
		Client: string(id), Source: registration.Dynamic, Digest: digest(), Initial: initial,
		Policy: registration.Policy{Grants: []string{"authorization_code"}}, CreatedAt: c.now,
	}
	c.ok(c.Registrations().Put(c.ctx, r))
	return r
}

func registrationLife(c *testcase) {
	r := c.registered("app", registration.NewID(c.now))
	got, err := c.Registrations().ByClient(c.ctx, "app")
	c.ok(err)
	c.same(got, r)
	_, err = c.Registrations().ByClient(c.ctx, "other")
	c.is(err, registration.ErrUnknown)
	c.ok(c.Clients().Delete(c.ctx, "app", c.now, c.system()))
	_, err = c.Registrations().ByClient(c.ctx, "app")
	c.is(err, registration.ErrUnknown)
}

func registrationIdle(c *testcase) {
	begun := c.now
	c.registered("unused", registration.ID{})
	c.registered("used", registration.ID{})
	c.registered("refreshing", registration.ID{})
	c.registered("vouched", registration.NewID(c.now))
	declared := c.clientOf("declared")
	c.ok(c.Clients().Create(c.ctx, declared, c.system()))
	c.ok(c.Registrations().Put(c.ctx, registration.Registration{Client: "declared", Source: registration.Document, CreatedAt: c.now}))
	now := begun.Add(10 * time.Hour) // refresh tokens of these clients live an hour unused
	c.ok(c.Clients().Used(c.ctx, map[client.ID]time.Time{"used": begun.Add(time.Minute), "refreshing": now.Add(-time.Minute)}))
	idle := func(before time.Time) []string {
		got, err := c.Registrations().Idle(c.ctx, before, now, 10)
		c.ok(err)
		return got
	}
	c.same(idle(begun), []string(nil))
	c.same(idle(begun.Add(time.Second)), []string{"unused"})
	c.same(idle(begun.Add(time.Hour)), []string{"unused", "used"})
	c.same(idle(now), []string{"unused", "used"})
}
