package storetest

import (
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var absence = []test{
	{"every method says what it found nothing of", absentNames},
	{"lists of nothing are empty", absentLists},
}

func absentNames(c *testcase) {
	id, org, ses, prf := user.NewID(c.now), organization.NewID(c.now), session.NewID(c.now), proof.NewID(c.now)
	u := user.User{ID: id, Version: 1}
	for _, tc := range []struct {
		method string
		want   error
		call   func() error
	}{
		{"Users.ByID", user.ErrUnknown, func() error { _, err := c.Users().ByID(c.ctx, id); return err }},
		{"Users.ByEmail", user.ErrUnknown, func() error { _, _, err := c.Users().ByEmail(c.ctx, "a@b.test"); return err }},
		{"Users.SetProfile", user.ErrUnknown, func() error { return c.Users().SetProfile(c.ctx, id, user.Profile{}, 3, c.now, c.system()) }},
		{"Users.SetRoles", user.ErrUnknown, func() error { return c.Users().SetRoles(c.ctx, id, nil, "", c.now, c.system()) }},
		{"Users.SetState", user.ErrUnknown, func() error {
			return c.Users().SetState(c.ctx, id, user.Active, user.Suspended, time.Time{}, c.now, c.system())
		}},
		{"Users.AddEmail", user.ErrUnknown, func() error { return c.Users().AddEmail(c.ctx, c.email(u, "a@b.test", c.now), c.system()) }},
		{"Users.VerifyEmail", user.ErrEmailUnknown, func() error { return c.Users().VerifyEmail(c.ctx, id, "a@b.test", c.now, c.system()) }},
		{"Users.SetPrimary", user.ErrEmailUnknown, func() error { return c.Users().SetPrimary(c.ctx, id, "a@b.test", c.now, c.system()) }},
		{"Users.RemoveEmail", user.ErrEmailUnknown, func() error { return c.Users().RemoveEmail(c.ctx, id, "a@b.test", c.now, c.system()) }},
		{"Users.Delete", user.ErrUnknown, func() error { return c.Users().Delete(c.ctx, id, c.now, c.system()) }},
		{"Passwords.ByUser", password.ErrNone, func() error { _, err := c.Passwords().ByUser(c.ctx, id); return err }},
		{"Passwords.Set", user.ErrUnknown, func() error { return c.setPassword(c.credential(u, 1)) }},
		{"Passwords.Remove", password.ErrNone, func() error { return c.Passwords().Remove(c.ctx, id, c.system()) }},
		{"Passwords.Upgrade", nil, func() error {
			return c.Passwords().Upgrade(c.ctx, password.Credential{User: id, Version: 1, Hash: "g"}, "h", c.system())
		}},
		{"Sessions.Insert", session.ErrBirth, func() error { _, err := c.Sessions().Insert(c.ctx, c.session(u), 0, 1, c.system()); return err }},
		{"Sessions.ByDigest", session.ErrEnded, func() error { _, err := c.Sessions().ByDigest(c.ctx, digest()); return err }},
		{"Sessions.ByID", session.ErrUnknown, func() error { _, err := c.Sessions().ByID(c.ctx, ses); return err }},
		{"Sessions.Rotate", session.ErrEnded, func() error { return c.Sessions().Rotate(c.ctx, c.session(u), digest(), 0, c.now, c.system()) }},
		{"Sessions.End", session.ErrUnknown, func() error { return c.Sessions().End(c.ctx, id, ses, session.Revoked, c.now, c.system()) }},
		{"Sessions.EndAll", user.ErrUnknown, func() error {
			_, err := c.Sessions().EndAll(c.ctx, id, ses, session.Revoked, c.now, c.system())
			return err
		}},
		{"Proofs.Put", user.ErrUnknown, func() error {
			p := c.proof(user.User{}, proof.Recover)
			p.User = id
			return c.Proofs().Put(c.ctx, p)
		}},
		{"Proofs.ByLink", proof.ErrExpired, func() error { _, err := c.Proofs().ByLink(c.ctx, proof.Recover, digest()); return err }},
		{"Proofs.ByFlow", proof.ErrExpired, func() error { _, err := c.Proofs().ByFlow(c.ctx, proof.Recover, digest()); return err }},
		{"Proofs.Attempt", proof.ErrExpired, func() error { return c.Proofs().Attempt(c.ctx, prf, c.now) }},
		{"Proofs.Spend", proof.ErrExpired, func() error { return c.Proofs().Spend(c.ctx, prf, c.now, c.system()) }},
		{"Proofs.Cancel", nil, func() error { return c.Proofs().Cancel(c.ctx, id, proof.Undo, "a@b.test", c.now) }},
		{"Roles.ByName", rbac.ErrUnknown, func() error { _, err := c.Roles().ByName(c.ctx, "gone"); return err }},
		{"Roles.Delete", rbac.ErrUnknown, func() error { return c.dropRole("gone") }},
		{"Organizations.Update", organization.ErrUnknown, func() error { return c.Organizations().Update(c.ctx, c.newOrganization("acme"), c.system()) }},
		{"Organizations.Delete", organization.ErrUnknown, func() error { return c.Organizations().Delete(c.ctx, org, c.now, c.system()) }},
		{"Organizations.ByID", organization.ErrUnknown, func() error { _, err := c.Organizations().ByID(c.ctx, org); return err }},
		{"Organizations.BySlug", organization.ErrUnknown, func() error { _, err := c.Organizations().BySlug(c.ctx, "gone"); return err }},
		{"Organizations.RemoveMember", organization.ErrNotMember, func() error { return c.Organizations().RemoveMember(c.ctx, org, id, c.now, c.system()) }},
		{"Lockouts.Fail", user.ErrUnknown, func() error { _, err := c.Lockouts().Fail(c.ctx, id, c.now, c.system()); return err }},
	} {
		if err := tc.call(); !errors.Is(err, tc.want) {
			c.Errorf("%s: got %v, want %v", tc.method, err, tc.want)
		}
	}
	events, err := c.Audit().Search(c.ctx, audit.Query{Limit: 10})
	c.ok(err)
	c.same(len(events), 0)
	c.same(len(c.heard()), 0)
}

func absentLists(c *testcase) {
	id, org := user.NewID(c.now), organization.NewID(c.now)
	emails, err := c.Users().Emails(c.ctx, id)
	c.ok(err)
	list, err := c.Users().List(c.ctx, user.Query{Limit: 10})
	c.ok(err)
	due, err := c.Users().DueForDeletion(c.ctx, c.now, 10)
	c.ok(err)
	live, err := c.Sessions().Of(c.ctx, id, c.now)
	c.ok(err)
	pending, err := c.Proofs().Pending(c.ctx, id, proof.Undo, c.now)
	c.ok(err)
	members, err := c.Organizations().Members(c.ctx, org, id, 10)
	c.ok(err)
	of, err := c.Organizations().Of(c.ctx, id)
	c.ok(err)
	all, err := c.Organizations().List(c.ctx, org, 10)
	c.ok(err)
	count, err := c.Lockouts().Load(c.ctx, id)
	c.ok(err)
	c.same(len(emails)+len(list)+len(due)+len(live)+len(pending)+len(members)+len(of)+len(all)+len(c.claim(10))+len(c.since(0)), 0)
	c.same(count, lockout.Count{})
}
