package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

var policyTests = []test{
	{"kept, changed, stale", policyKept},
	{"what is asked of an account", policyAsked},
	{"what an account can answer with", policyEquipped},
	{"the first time counts", policyBegun},
	{"weak sessions end with the time that was given", policyEnforced},
}

var trustTests = []test{
	{"kept as it was, used, swept", trustKept},
	{"born of what was proven only", trustBirth},
	{"whatever changes ends it", trustEnds},
	{"used or forgotten, never both", trustRace},
	{"the oldest gives way", trustMany},
	{"only one's own", trustOwn},
}

func (c *testcase) policy(p policy.Policy) policy.Policy {
	c.Helper()
	p.UpdatedAt = c.now
	c.ok(c.Policy().Put(c.ctx, p, c.system()))
	got, err := c.Policy().Get(c.ctx)
	c.ok(err)
	return got
}

func policyKept(c *testcase) {
	first, err := c.Policy().Get(c.ctx)
	c.ok(err)
	c.same([]any{first.Assurance, first.UpdatedAt}, []any{policy.Least, time.Time{}})
	want := policy.Policy{Assurance: 2, Grace: 14 * policy.Day, Remember: 30 * policy.Day, ManagedBy: "file", Revision: first.Revision, UpdatedAt: c.now}
	c.once(policy.ErrStale, func(int) error { return c.Policy().Put(c.ctx, want, c.system()) })
	want.Revision++
	got, err := c.Policy().Get(c.ctx)
	c.ok(err)
	c.same(got, want)
}

func policyAsked(c *testcase) {
	u, m, o := c.person(), c.person(), c.organization("acme")
	level := func(u user.User) int {
		c.Helper()
		a, err := c.Policy().Of(c.ctx, u.ID)
		c.ok(err)
		c.same(a.Since, time.Time{})
		return a.Level()
	}
	c.same(level(u), 1)
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", Assurance: 2, CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
	got, err := c.Roles().ByName(c.ctx, "keeper")
	c.ok(err)
	c.same(got.Assurance, 2)
	c.same(level(u), 1)
	c.ok(c.Users().SetRoles(c.ctx, u.ID, []string{"keeper"}, "", c.now, c.event(user.RoleAssigned, u.ID)))
	c.ok(c.Organizations().SetMember(c.ctx, organization.Membership{Organization: o.ID, User: m.ID, Roles: []string{"keeper"}, JoinedAt: c.now}, c.event(organization.MemberChanged, m.ID)))
	c.same([]int{level(u), level(m), level(c.person())}, []int{2, 2, 1})
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
	c.same(level(u), 1)
	c.policy(policy.Policy{Assurance: 2})
	c.same([]int{level(u), level(c.person())}, []int{2, 2})
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: rbac.Admin, Assurance: 2, CreatedAt: c.now, UpdatedAt: c.now}, c.system())) // all that a built-in role lets change
	admin, err := c.Roles().ByName(c.ctx, rbac.Admin)
	c.ok(err)
	c.same([]any{admin.Assurance, admin.BuiltIn}, []any{2, true})
}

// Every kind of factor counts once it is confirmed and until it is used up: who is
// not seen to have one is asked for nothing.
func policyEquipped(c *testcase) {
	for name, have := range map[string]func(u user.User) (gone func()){
		"passkey": func(u user.User) func() {
			c.ok(c.setPassword(c.credential(u, 1))) // without one the last passkey stays
			k := c.passkey(u)
			c.ok(c.register(k, u.Version))
			return func() { c.ok(c.Passkeys().Remove(c.ctx, u.ID, k.ID, c.event(passkey.Removed, u.ID))) }
		},
		"app": func(u user.User) func() {
			d := c.authenticator(u, "First")
			c.same(c.equipped(u), false)
			c.ok(c.TOTP().Confirm(c.ctx, u.ID, d.ID, 1, c.now, c.event(totp.Added, u.ID)))
			return func() { c.ok(c.TOTP().Remove(c.ctx, u.ID, d.ID, c.event(totp.Removed, u.ID))) }
		},
		"phone": func(u user.User) func() {
			p := c.phone(u)
			c.same(c.equipped(u), false)
			c.ok(c.Phones().Confirm(c.ctx, u.ID, p.ID, c.now, c.event(phone.Added, u.ID)))
			return func() { c.ok(c.Phones().Remove(c.ctx, u.ID, p.ID, c.event(phone.Removed, u.ID))) }
		},
		"code": func(u user.User) func() {
			set := c.codes(u, 1)
			return func() { c.ok(c.Recovery().Use(c.ctx, u.ID, set[0], c.now, c.event(recovery.Used, u.ID))) }
		},
	} {
		c.Log(name)
		u := c.person()
		gone := have(u)
		c.same([]bool{c.equipped(u), c.equipped(c.person())}, []bool{true, false})
		gone()
		c.same(c.equipped(u), false)
	}
}

func (c *testcase) equipped(u user.User) bool {
	c.Helper()
	a, err := c.Policy().Of(c.ctx, u.ID)
	c.ok(err)
	return a.Equipped
}

func policyBegun(c *testcase) {
	u := c.person()
	first := c.now
	since, err := c.Policy().Begin(c.ctx, u.ID, first)
	c.ok(err)
	c.same(since, first)
	since, err = c.Policy().Begin(c.ctx, u.ID, c.later(time.Hour))
	c.ok(err)
	c.same(since, first)
	a, err := c.Policy().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(a.Since, first)
	c.ok(c.Policy().Waive(c.ctx, u.ID))
	since, err = c.Policy().Begin(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(since, c.now)
	_, err = c.Policy().Begin(c.ctx, user.NewID(c.now), c.now)
	c.is(err, user.ErrUnknown)
}

// remembered is a device that could be kept.
func (c *testcase) remembered(u user.User) trust.Device {
	c.Helper()
	p, err := c.Policy().Get(c.ctx)
	c.ok(err)
	return trust.Device{
		ID: trust.NewID(c.now.Add(time.Duration(c.next()) * time.Millisecond)), User: u.ID, Digest: digest(), UserVersion: u.Version, PolicyRevision: p.Revision,
		UserAgent: "test", IP: "192.0.2.1", Place: "Lyon", CreatedAt: c.now, ExpiresAt: c.now.Add(policy.Day),
	}
}

func (c *testcase) remember(u user.User) trust.Device {
	c.Helper()
	d := c.remembered(c.reread(u))
	c.ok(c.Trust().Insert(c.ctx, d, c.event(trust.Remembered, u.ID)))
	return d
}

func (c *testcase) lets(d trust.Device) bool {
	c.Helper()
	all, err := c.Trust().Of(c.ctx, d.User, c.now)
	c.ok(err)
	err = c.Trust().Use(c.ctx, d.User, d.ID, c.now)
	if listed := len(all) > 0; listed != (err == nil) {
		c.Fatalf("listed %v, used %v", listed, err)
	}
	return err == nil
}

func trustKept(c *testcase) {
	c.policy(policy.Policy{Assurance: 1, Remember: policy.Day})
	u := c.person()
	d := c.remember(u)
	all, err := c.Trust().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(all, []trust.Device{d})
	c.ok(c.Trust().Use(c.ctx, u.ID, d.ID, c.later(time.Hour)))
	d.UsedAt = c.now
	all, err = c.Trust().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(all, []trust.Device{d})
	c.later(23 * time.Hour)
	c.same(c.lets(d), false)
	n, err := c.Trust().Sweep(c.ctx, c.later(time.Second), 10)
	c.ok(err)
	c.same(n, 1)
	c.same(c.trail(u), []string{user.Created.String(), trust.Remembered.String()})
}

// TH-1
func trustBirth(c *testcase) {
	u := c.person()
	insert := func(d trust.Device) error {
		return c.Trust().Insert(c.ctx, d, c.event(trust.Remembered, u.ID))
	}
	c.is(insert(c.remembered(u)), trust.ErrBirth) // nobody said that devices are remembered
	c.policy(policy.Policy{Assurance: 1, Remember: policy.Day})
	stale := c.remembered(u)
	stale.PolicyRevision--
	c.is(insert(stale), trust.ErrBirth)
	password := c.remembered(u)
	password.PasswordVersion = 7
	c.is(insert(password), trust.ErrBirth)
	before := c.remembered(u)
	_, err := c.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.Revoked, c.now, c.event(session.EndedEvent, u.ID))
	c.ok(err)
	c.is(insert(before), trust.ErrBirth)
	c.is(insert(c.remembered(c.account("nobody"))), trust.ErrBirth)
	c.ok(insert(c.remembered(c.reread(u))))
}

func trustEnds(c *testcase) {
	c.policy(policy.Policy{Assurance: 1, Remember: policy.Day})
	var v federation.Connection // of each its own
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
	for name, change := range map[string]func(u user.User){
		"factor added": func(u user.User) { c.confirmed(u, "Phone", 1) },
		"factor removed": func(u user.User) {
			all, err := c.TOTP().Of(c.ctx, u.ID)
			c.ok(err)
			c.ok(c.TOTP().Remove(c.ctx, u.ID, all[0].ID, c.event(totp.Removed, u.ID)))
		},
		"passkey added": func(u user.User) { c.ok(c.register(c.passkey(u), c.reread(u).Version)) },
		"passkey removed": func(u user.User) {
			all, err := c.Passkeys().Of(c.ctx, u.ID)
			c.ok(err)
			c.ok(c.unenrol(all[0]))
		},
		"phone added": func(u user.User) {
			c.ok(c.Phones().Confirm(c.ctx, u.ID, c.phone(u).ID, c.now, c.event(phone.Added, u.ID)))
		},
		"phone removed": func(u user.User) {
			c.ok(c.Phones().Remove(c.ctx, u.ID, c.phonesOf(u)[0].ID, c.event(phone.Removed, u.ID)))
		},
		"service linked":   func(u user.User) { c.ok(c.linkAs(c.linkOf(v, u, u.ID.String()+" too"), 1, c.reread(u).Version)) },
		"service unlinked": func(u user.User) { c.ok(c.unlink(c.linksOf(u)[0])) },
		"service taken back": func(u user.User) {
			c.ok(c.Federation().Cut(c.ctx, u.ID, c.linksOf(u)[0].ID, c.event(federation.LinkGone, u.ID)))
		},
		"service deleted": func(user.User) { c.ok(c.Federation().Delete(c.ctx, v.ID, c.now, c.system())) },
		"recovery codes":  func(u user.User) { c.codes(u, 2) },
		"sign out everywhere": func(u user.User) {
			_, err := c.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.Revoked, c.now, c.event(session.EndedEvent, u.ID))
			c.ok(err)
		},
		"suspended": func(u user.User) {
			c.ok(c.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID)))
		},
		"role": func(user.User) {
			c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", Assurance: 2, CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
		},
		"policy":                          func(user.User) { c.policy(policy.Policy{Assurance: 1, Remember: 2 * policy.Day}) },
		"all":                             func(u user.User) { c.forgetAll(u, 1) },
		"a password, where none was used": func(u user.User) { c.ok(c.setPassword(c.credential(u, 1))) },
	} {
		u := c.person()
		v = c.connection(fmt.Sprintf("svc-%d", c.next()))
		c.confirmed(u, "First", 1)
		for range 2 { // the last way in stays
			c.ok(c.register(c.passkey(u), c.reread(u).Version))
		}
		c.ok(c.Phones().Confirm(c.ctx, u.ID, c.phone(u).ID, c.now, c.event(phone.Added, u.ID)))
		c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
		c.ok(c.Users().SetRoles(c.ctx, u.ID, []string{"keeper"}, "", c.now, c.event(user.RoleAssigned, u.ID)))
		c.ok(c.linkAs(c.linkOf(v, u, u.ID.String()), 1, c.reread(u).Version))
		d := c.remember(u)
		if !c.lets(d) {
			c.Errorf("%s: it lets nobody pass before", name)
		}
		change(u)
		if c.lets(d) {
			c.Errorf("%s: it lets pass still", name)
		}
	}
}

func (c *testcase) linksOf(u user.User) []federation.Link {
	c.Helper()
	all, err := c.Federation().LinksOf(c.ctx, u.ID)
	c.ok(err)
	return all
}

func (c *testcase) forgetAll(u user.User, want int) {
	c.Helper()
	n, err := c.Trust().ForgetAll(c.ctx, u.ID, c.event(trust.Forgotten, u.ID))
	c.ok(err)
	c.same(n, want)
}

func trustRace(c *testcase) {
	c.policy(policy.Policy{Assurance: 1, Remember: policy.Day})
	u := c.person()
	d := c.remember(u)
	c.race(trust.ErrUnknown, func(i int) error {
		if i%2 == 0 {
			return c.Trust().Use(c.ctx, u.ID, d.ID, c.now)
		}
		return c.Trust().Forget(c.ctx, u.ID, d.ID, c.event(trust.Forgotten, u.ID))
	})
	c.same(c.lets(d), false)
}

func trustMany(c *testcase) {
	c.policy(policy.Policy{Assurance: 1, Remember: policy.Day})
	u := c.person()
	first := c.remember(u)
	for range trust.MaxPerPerson {
		c.later(time.Second)
		c.remember(u)
	}
	all, err := c.Trust().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(len(all), trust.MaxPerPerson)
	c.is(c.Trust().Use(c.ctx, u.ID, first.ID, c.now), trust.ErrUnknown)
}

func trustOwn(c *testcase) {
	c.policy(policy.Policy{Assurance: 1, Remember: policy.Day})
	u, other := c.person(), c.person()
	d := c.remember(u)
	c.is(c.Trust().Use(c.ctx, other.ID, d.ID, c.now), trust.ErrUnknown)
	c.is(c.Trust().Forget(c.ctx, other.ID, d.ID, c.event(trust.Forgotten, other.ID)), trust.ErrUnknown)
	c.forgetAll(other, 0)
	c.ok(c.Trust().Forget(c.ctx, u.ID, d.ID, c.event(trust.Forgotten, u.ID)))
	c.is(c.Trust().Forget(c.ctx, u.ID, d.ID, c.event(trust.Forgotten, u.ID)), trust.ErrUnknown)
}

// PW-47
func policyEnforced(c *testcase) {
	u, other := c.person(), c.person()
	weak := c.signIn(u)
	strong := c.session(c.reread(u))
	strong.Assurance = 2
	_, err := c.Sessions().Insert(c.ctx, strong, 0, 0, c.event(session.Created, u.ID))
	c.ok(err)
	enforce := func(want int) {
		c.Helper()
		n, err := c.Policy().Enforce(c.ctx, c.now, 10)
		c.ok(err)
		c.same(n, want)
	}
	enforce(0)
	c.later(time.Second)
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", Assurance: 2, CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
	c.ok(c.Users().SetRoles(c.ctx, u.ID, []string{"keeper"}, "", c.now, c.event(user.RoleAssigned, u.ID)))
	c.policy(policy.Policy{Assurance: 1, Grace: policy.Day})
	enforce(0) // the time begins
	begun, err := c.Policy().Of(c.ctx, u.ID)
	c.ok(err)
	c.same(begun.Since, c.now)
	spared := c.signIn(other)
	c.policy(policy.Policy{Assurance: 1})
	c.later(time.Second)
	late := c.signIn(u) // let in after the end of the time: a remembered device
	enforce(1)
	for s, want := range map[session.ID]session.Cause{weak.ID: session.PolicyAsked, strong.ID: "", late.ID: "", spared.ID: ""} {
		got, err := c.Sessions().ByID(c.ctx, s)
		c.ok(err)
		c.same(got.EndCause, want)
	}
	enforce(0)
}
