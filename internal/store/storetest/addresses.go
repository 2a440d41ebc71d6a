package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var addresses = []test{
	{"an address belongs to one account", addressTaken},
	{"an unverified account is overwritten, sessions and all", addressTakeOver},
	{"an account with a verified address loses only the other", addressLost},
	{"add, verify, make primary, remove", addressLife},
	{"at most ten", addressLimit},
	{"text that is no address finds nobody", addressOdd},
}

func addressTaken(c *testcase) {
	c.personAt("ada@example.test", c.now)
	other := c.person()
	claim := func(verified time.Time) user.Email { return c.email(other, "ada@example.test", verified) }
	for _, verified := range []time.Time{{}, c.now} {
		u := c.account("Eve")
		c.is(c.Users().Create(c.ctx, u, []user.Email{claim(verified)}, c.event(user.Created, u.ID)), user.ErrEmailTaken)
		_, err := c.Users().ByID(c.ctx, u.ID)
		c.is(err, user.ErrUnknown)
		c.is(c.Users().AddEmail(c.ctx, claim(verified), c.event(user.EmailAdded, other.ID)), user.ErrEmailTaken)
	}
	c.same(c.trail(other), []string{"user.created"})

	unverified := c.personAt("new@example.test", time.Time{})
	u := c.account("Eve")
	c.is(c.Users().Create(c.ctx, u, []user.Email{c.email(u, "new@example.test", time.Time{})}, c.event(user.Created, u.ID)), user.ErrEmailTaken)
	c.same(c.reread(unverified).ID, unverified.ID)

	c.once(user.ErrEmailTaken, func(int) error {
		u := c.account("Grace")
		return c.Users().Create(c.ctx, u, []user.Email{c.email(u, "grace@example.test", c.now)}, c.event(user.Created, u.ID))
	})
}

// PW-36 TH-41: the owner of the address gets a new account; nothing of the one
// that only claimed it works any more.
func addressTakeOver(c *testcase) {
	for _, way := range []string{"Create", "AddEmail"} {
		address := way + "@example.test"
		old := c.personAt(address, time.Time{})
		s, p := c.signIn(old), c.mailed(old, proof.Recover)
		c.ok(c.Passwords().Set(c.ctx, password.Credential{User: old.ID, Version: 1, Hash: "planted", ChangedAt: c.now}, c.event(user.Updated, old.ID)))
		c.heard()

		owner := c.account("Owner")
		var err error
		if way == "Create" {
			err = c.Users().Create(c.ctx, owner, []user.Email{c.email(owner, address, c.now)}, c.event(user.Created, owner.ID))
		} else {
			owner = c.person()
			err = c.Users().AddEmail(c.ctx, c.email(owner, address, c.now), c.event(user.EmailAdded, owner.ID))
		}
		c.ok(err)
		holder, _, err := c.Users().ByEmail(c.ctx, user.EmailKey(address))
		c.ok(err)
		c.same(holder.ID, owner.ID)
		c.same(c.heard(), []revocation.Entry{{Kind: revocation.Subject, Value: old.ID, Version: 2, At: c.now}})
		_, err = c.Users().ByID(c.ctx, old.ID)
		c.is(err, user.ErrUnknown)
		_, err = c.Passwords().ByUser(c.ctx, old.ID)
		c.is(err, password.ErrNone)
		c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)
		_, err = c.Sessions().ByDigest(c.ctx, s.Digest)
		c.is(err, session.ErrEnded)
		events, err := c.Audit().Search(c.ctx, audit.Query{Subject: owner.ID.String(), Limit: 1})
		c.ok(err)
		c.same(events[0].Details, map[string]string{"replaced": old.ID.String()})
	}
}

// TH-41: whoever proves an address takes it, but nobody's proven account.
func addressLost(c *testcase) {
	real := c.personAt("claimed@example.test", time.Time{})
	e := c.email(real, "proven@example.test", c.now)
	e.Primary = false
	c.ok(c.Users().AddEmail(c.ctx, e, c.event(user.EmailAdded, real.ID)))
	s := c.signIn(real)
	c.personAt("claimed@example.test", c.now)
	emails, err := c.Users().Emails(c.ctx, real.ID)
	c.ok(err)
	e.Primary = true
	c.same(emails, []user.Email{e})
	c.same(c.usable(s), true)
}

func addressLife(c *testcase) {
	u := c.personAt("first@example.test", c.now)
	second := c.email(u, "Second@example.test", time.Time{})
	second.Primary = false
	c.later(time.Second)
	second.CreatedAt = c.now
	c.ok(c.Users().AddEmail(c.ctx, second, c.event(user.EmailAdded, u.ID)))
	primary := func() error {
		return c.Users().SetPrimary(c.ctx, u.ID, second.Key, c.now, c.event(user.EmailChanged, u.ID))
	}
	c.is(primary(), user.ErrEmailUnverified)
	c.ok(c.Users().VerifyEmail(c.ctx, u.ID, second.Key, c.later(time.Minute), c.event(user.Verified, u.ID)))
	verified := c.now
	c.ok(c.Users().VerifyEmail(c.ctx, u.ID, second.Key, c.later(time.Minute), c.event(user.Verified, u.ID)))
	c.ok(primary())
	emails, err := c.Users().Emails(c.ctx, u.ID)
	c.ok(err)
	second.VerifiedAt, second.Primary = verified, true
	c.same(len(emails), 2)
	c.same(emails[0], second)
	c.same(emails[1].Primary, false)
	c.is(c.Users().RemoveEmail(c.ctx, u.ID, second.Key, c.now, c.event(user.EmailRemoved, u.ID)), user.ErrLastEmail)
	c.once(user.ErrEmailUnknown, func(int) error {
		return c.Users().RemoveEmail(c.ctx, u.ID, "first@example.test", c.now, c.event(user.EmailRemoved, u.ID))
	})
	c.same(c.trail(u), []string{"user.created", "user.email_added", "user.verified", "user.verified", "user.email_changed", "user.email_removed"})
	c.same(c.reread(u).Version, u.Version)
}

func addressLimit(c *testcase) {
	u := c.person()
	won := c.race(user.ErrTooManyEmails, func(i int) error {
		e := c.email(u, fmt.Sprintf("more%d@example.test", i), c.now)
		e.Primary = false
		return c.Users().AddEmail(c.ctx, e, c.event(user.EmailAdded, u.ID))
	})
	c.same(won, user.MaxEmails-1)
	many := make([]user.Email, user.MaxEmails+1)
	for i := range many {
		many[i] = c.email(u, fmt.Sprintf("many%d@example.test", i), c.now)
		many[i].Primary = i == 0
	}
	fresh := c.account("Many")
	c.is(c.Users().Create(c.ctx, fresh, many, c.event(user.Created, fresh.ID)), user.ErrTooManyEmails)
}

// PW-24: whatever somebody types is a key, also what no database takes as text.
func addressOdd(c *testcase) {
	c.person()
	for _, typed := range []string{"", "ada", "\x00", "a\x00b@example.test", "' OR 1=1 --", "\xff\xfe", "%", "person1@example.test\x00"} {
		_, _, err := c.Users().ByEmail(c.ctx, user.EmailKey(typed))
		c.is(err, user.ErrUnknown)
		_, _, err = c.Users().ByEmail(c.ctx, typed)
		c.is(err, user.ErrUnknown)
	}
}
