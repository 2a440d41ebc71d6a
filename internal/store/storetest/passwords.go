package storetest

import (
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var passwords = []test{
	{"set, change, remove", passwordLife},
	{"versions never repeat", passwordVersions},
	{"one of many changes wins", passwordRace},
	{"an upgrade changes the encoding only", passwordUpgrade},
}

func (c *testcase) credential(u user.User, version int64) password.Credential {
	return password.Credential{User: u.ID, Version: version, Hash: "$argon2id$…", ChangedAt: c.now, MustChange: version == 2}
}

func (c *testcase) setPassword(v password.Credential) error {
	return c.Passwords().Set(c.ctx, v, c.event(user.Updated, v.User))
}

func passwordLife(c *testcase) {
	u := c.person()
	for version := range int64(3) {
		v := c.credential(u, version+1)
		c.ok(c.setPassword(v))
		got, err := c.Passwords().ByUser(c.ctx, u.ID)
		c.ok(err)
		if got != v {
			c.Fatalf("version %d does not read as kept", v.Version)
		}
	}
	for _, version := range []int64{0, 1, 3, 5} {
		c.is(c.setPassword(c.credential(u, version)), password.ErrStale)
	}
	c.same(c.reread(u).Version, u.Version)
	c.once(password.ErrNone, func(int) error { return c.Passwords().Remove(c.ctx, u.ID, c.event(user.Updated, u.ID)) })
}

// TH-1: versions go on after a removal, so nothing proven against an old
// password fits a later one, and a removed password proves nothing.
func passwordVersions(c *testcase) {
	u := c.withPassword()
	_, err := c.Passwords().ByUser(c.ctx, c.person().ID)
	c.is(err, password.ErrNone)
	stale := c.proof(u, proof.Recover)
	stale.PasswordVersion = 1
	c.ok(c.Proofs().Put(c.ctx, stale))
	for removal := range int64(3) {
		before := 1 + 2*removal
		c.ok(c.Passwords().Remove(c.ctx, u.ID, c.event(user.Updated, u.ID)))
		c.ok(c.Passwords().Upgrade(c.ctx, password.Credential{User: u.ID, Version: before + 1}, "revived", c.event(user.Verified, u.ID)))
		left, err := c.Passwords().ByUser(c.ctx, u.ID)
		c.is(err, password.ErrNone)
		c.same(left, password.Credential{User: u.ID, Version: before + 1})
		c.is(c.setPassword(c.credential(u, 1)), password.ErrStale)
		c.ok(c.setPassword(c.credential(u, left.Version+1)))
		for version := int64(1); version <= left.Version; version++ {
			_, err = c.Sessions().Insert(c.ctx, c.session(u), version, 0, c.event(session.Created, u.ID))
			c.is(err, session.ErrBirth)
		}
	}
	c.is(c.Proofs().Spend(c.ctx, stale.ID, c.now, c.event(user.Updated, u.ID)), proof.ErrExpired)
	_, err = c.Sessions().Insert(c.ctx, c.session(u), 7, 0, c.event(session.Created, u.ID))
	c.ok(err)
}

// TH-1: versions rise one by one, whoever asks.
func passwordRace(c *testcase) {
	u := c.person()
	for version := range int64(3) {
		c.once(password.ErrStale, func(int) error { return c.setPassword(c.credential(u, version+1)) })
	}
	c.same(len(c.trail(u)), 4)
}

func passwordUpgrade(c *testcase) {
	u := c.person()
	c.ok(c.setPassword(c.credential(u, 1)))
	upgrade := func(old password.Credential, hash password.Hash) {
		c.ok(c.Passwords().Upgrade(c.ctx, old, hash, c.event(user.Verified, u.ID)))
	}
	upgrade(c.credential(u, 1), "better")
	upgrade(c.credential(u, 2), "too late")
	upgrade(c.credential(u, 1), "of a password that is not there any more")
	got, err := c.Passwords().ByUser(c.ctx, u.ID)
	c.ok(err)
	c.same([]any{string(got.Hash), got.Version, got.ChangedAt}, []any{"better", int64(1), c.now})
	c.same(c.trail(u), []string{"user.created", "user.updated", "user.verified"})
	c.ok(c.setPassword(c.credential(u, 2)))
}
