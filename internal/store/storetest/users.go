package storetest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var users = []test{
	{"what is kept is what is read", userRoundTrip},
	{"roles must exist", userRoles},
	{"profile, with and without revision", userProfile},
	{"a state ends what was born before", userState},
	{"of two who take the last two holders' role one sees the other", userHolders},
	{"an act that was proven holds the account", userHold},
	{"deletion takes all but the trail", userDelete},
	{"deletion comes due", userDue},
	{"with the primary address", userPrimary},
}

func userRoundTrip(c *testcase) {
	u := c.account("Ada Lovelace")
	u.Locale, u.TimeZone, u.ManagedBy, u.Roles = "de", "Europe/Berlin", "file", []string{rbac.Admin}
	u.State, u.DeleteAt = user.Deleting, c.now.Add(14*24*time.Hour)
	e := c.email(u, "Ada@example.test", time.Time{})
	c.ok(c.Users().Create(c.ctx, u, []user.Email{e}, c.event(user.Created, u.ID)))

	got := c.reread(u)
	c.same(got, u)
	if got.CreatedAt.Location() != time.UTC || got.CreatedAt.Nanosecond() != 123456000 {
		c.Errorf("time %v is not UTC with microseconds", got.CreatedAt)
	}
	byEmail, email, err := c.Users().ByEmail(c.ctx, "ada@example.test")
	c.ok(err)
	c.same(byEmail, u)
	c.same(email, e)
	c.same(c.trail(u), []string{"user.created"})
}

func userPrimary(c *testcase) {
	u, bare := c.person(), c.account("Nobody to write to")
	first, err := c.Users().Emails(c.ctx, u.ID)
	c.ok(err)
	second := c.email(u, "second@example.test", c.now)
	second.Primary = false
	c.ok(c.Users().AddEmail(c.ctx, second, c.event(user.EmailAdded, u.ID)))
	c.ok(c.Users().Create(c.ctx, bare, nil, c.event(user.Created, bare.ID)))

	got, email, err := c.Users().WithPrimary(c.ctx, u.ID)
	c.ok(err)
	c.same(got, c.reread(u))
	c.same(email, first[0])
	c.ok(c.Users().SetPrimary(c.ctx, u.ID, second.Key, c.now, c.event(user.EmailChanged, u.ID)))
	_, email, err = c.Users().WithPrimary(c.ctx, u.ID)
	c.ok(err)
	second.Primary = true
	c.same(email, second)
	got, email, err = c.Users().WithPrimary(c.ctx, bare.ID)
	c.ok(err)
	c.same(got, bare)
	c.same(email, user.Email{})
	_, _, err = c.Users().WithPrimary(c.ctx, c.account("nobody").ID)
	c.is(err, user.ErrUnknown)
}

func userRoles(c *testcase) {
	u := c.account("Ada")
	u.Roles = []string{"nobody-made-this"}
	c.is(c.Users().Create(c.ctx, u, nil, c.event(user.Created, u.ID)), rbac.ErrUnknown)
	_, err := c.Users().ByID(c.ctx, u.ID)
	c.is(err, user.ErrUnknown)
	c.same(len(c.trail(u)), 0)

	p := c.person()
	c.ok(c.Users().SetRoles(c.ctx, p.ID, []string{rbac.Admin}, "file", c.now, c.event(user.RoleAssigned, p.ID)))
	c.same(c.heard(), []revocation.Entry{refreshOf(p.ID, c.now)})
	c.is(c.Users().SetRoles(c.ctx, p.ID, []string{"gone"}, "", c.now, c.event(user.RoleAssigned, p.ID)), rbac.ErrUnknown)
	c.same(c.reread(p).Roles, []string{rbac.Admin})
	c.same(c.reread(p).ManagedBy, "file")
	c.same(c.reread(p).Version, p.Version)
	c.same(len(c.heard()), 0)
}

func userProfile(c *testcase) {
	u := c.person()
	set := func(name string, revision int64) error {
		return c.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: name, Locale: "en", TimeZone: "UTC"}, revision, c.later(time.Second), c.event(user.Updated, u.ID))
	}
	c.ok(set("Countess", u.Revision))
	c.same(c.heard(), []revocation.Entry{refreshOf(u.ID, c.now)})
	c.is(set("Lost update", u.Revision), user.ErrStale)
	c.same(len(c.heard()), 0)
	c.ok(set("Any revision", 0))
	got := c.reread(u)
	c.same([]any{got.Name, got.Locale, got.TimeZone, got.Revision, got.Version, got.UpdatedAt}, []any{"Any revision", "en", "UTC", int64(3), int64(1), c.now})
	c.same(c.trail(u), []string{"user.created", "user.updated", "user.updated"})

	u = got
	c.once(user.ErrStale, func(int) error {
		return c.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: "One"}, u.Revision, c.now, c.event(user.Updated, u.ID))
	})
}

// TH-1 TH-3 SE-26: suspension raises the version and ends sessions and proofs.
func userState(c *testcase) {
	u := c.person()
	s, p := c.signIn(u), c.mailed(u, proof.Recover)
	c.heard()
	suspend := func() error {
		return c.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, c.now, c.now, c.event(user.Disabled, u.ID))
	}
	c.once(user.ErrStale, func(int) error { return suspend() })
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Subject, Value: u.ID, Version: 2, At: c.now}})
	got := c.reread(u)
	c.same([]any{got.State, got.Version, got.DeleteAt.IsZero()}, []any{user.Suspended, int64(2), true})
	row, err := c.Sessions().ByID(c.ctx, s.ID)
	c.ok(err)
	c.same([]any{row.EndedAt, row.EndCause, c.usable(s)}, []any{c.now, session.AccountState, false})
	c.is(c.Proofs().Spend(c.ctx, p.ID, c.now, c.system()), proof.ErrExpired)

	c.ok(c.Users().SetState(c.ctx, u.ID, user.Suspended, user.Active, time.Time{}, c.now, c.event(user.Enabled, u.ID)))
	if c.usable(s) {
		c.Error("enabling the account revived a session")
	}
	c.same(c.reread(u).Version, int64(3))
}

// The last administrator: two transactions that each suspend one of the last two.
func userHolders(c *testcase) {
	pair := []user.User{c.person(), c.person()}
	for _, u := range pair {
		c.ok(c.Users().SetRoles(c.ctx, u.ID, []string{"admin"}, "", c.now, c.event(user.RoleAssigned, u.ID)))
	}
	errLast := errors.New("the last one")
	var won, tries atomic.Int64
	c.race(nil, func(int) error {
		u := pair[tries.Add(1)%2]
		err := c.InTx(c.ctx, func(tx store.Set) error {
			if err := tx.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID)); err != nil {
				return err
			}
			n, err := tx.Users().Holders(c.ctx, "admin")
			if err == nil && n == 0 {
				return errLast
			}
			return err
		})
		if err == nil {
			won.Add(1)
		}
		if errors.Is(err, errLast) || errors.Is(err, user.ErrStale) {
			return nil
		}
		return err
	})
	n, err := c.Users().Holders(c.ctx, "admin")
	c.ok(err)
	c.same([]int64{won.Load(), n}, []int64{1, 1})
}

// TH-1: an act that was proven earlier holds the account as it was proven, or not.
func userHold(c *testcase) {
	u := c.withPassword()
	hold := func(version, passwordVersion int64) error {
		return c.Users().Hold(c.ctx, u.ID, version, passwordVersion)
	}
	c.ok(hold(1, 1))
	c.ok(hold(1, 0))
	c.is(hold(2, 1), user.ErrStale)
	c.is(hold(1, 2), user.ErrStale)
	c.ok(c.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID)))
	c.is(hold(2, 1), user.ErrStale)
	c.ok(c.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID)))
	c.is(hold(2, 0), user.ErrStale)
}

// TH-1 SE-26 AU-41: deletion cascades, the audit trail stays.
func userDelete(c *testcase) {
	u := c.person()
	s, p := c.signIn(u), c.mailed(u, proof.Undo)
	c.ok(c.Passwords().Set(c.ctx, password.Credential{User: u.ID, Version: 1, Hash: "h", ChangedAt: c.now}, c.event(user.Updated, u.ID)))
	_, err := c.Lockouts().Fail(c.ctx, u.ID, c.now, c.event(user.Updated, u.ID))
	c.ok(err)
	o := c.organization("acme")
	c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: u.ID, JoinedAt: c.now}, c.event(organization.MemberAdded, u.ID)))
	c.heard()

	c.once(user.ErrUnknown, func(int) error { return c.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID)) })
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Subject, Value: u.ID, Version: 2, At: c.now}})
	_, err = c.Sessions().ByID(c.ctx, s.ID)
	c.is(err, session.ErrUnknown)
	_, err = c.Proofs().ByLink(c.ctx, p.Purpose, p.Link)
	c.is(err, proof.ErrExpired)
	_, err = c.Passwords().ByUser(c.ctx, u.ID)
	c.is(err, password.ErrNone)
	_, _, err = c.Users().ByEmail(c.ctx, "person1@example.test")
	c.is(err, user.ErrUnknown)
	members, err := c.Organizations().Members(c.ctx, o.ID, user.ID{}, 10)
	c.ok(err)
	c.same(len(members), 0)
	if trail := c.trail(u); len(trail) < 3 || trail[len(trail)-1] != "user.deleted" {
		c.Errorf("trail after deletion: %v", trail)
	}
}

func userDue(c *testcase) {
	early, late, staying := c.person(), c.person(), c.person()
	schedule := func(u user.User, wait time.Duration) {
		c.ok(c.Users().SetState(c.ctx, u.ID, user.Active, user.Deleting, c.now.Add(wait), c.now, c.event(user.DeletionScheduled, u.ID)))
	}
	schedule(early, time.Hour)
	schedule(late, 2*time.Hour)
	due, err := c.Users().DueForDeletion(c.ctx, c.now.Add(time.Hour), 10)
	c.ok(err)
	c.same(due, []user.ID{early.ID})
	due, err = c.Users().DueForDeletion(c.ctx, c.now.Add(3*time.Hour), 1)
	c.ok(err)
	c.same(due, []user.ID{early.ID})
	c.same(c.reread(late).DeleteAt, c.now.Add(2*time.Hour))
	c.same(c.reread(staying).DeleteAt.IsZero(), true)
	c.ok(c.Users().SetState(c.ctx, late.ID, user.Deleting, user.Active, time.Time{}, c.now, c.event(user.DeletionCancelled, late.ID)))
	c.same(c.reread(late).DeleteAt.IsZero(), true)
}
